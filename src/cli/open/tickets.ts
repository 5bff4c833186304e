import type { World } from "../../core/world.ts";

/** A browser that was not there has to start first. */
const lastsMs = 2 * 60_000;

/** One-time links to the page: the arguments of a browser can be seen by every user of the machine, so they hold no secret that lasts. */
export function createTickets({ random, now }: Pick<World, "random" | "now">, path: string) {
  const open = new Map<string, number>();
  return {
    make: (): string => {
      const ticket = random(32).toString("base64url");
      open.set(ticket, now() + lastsMs);
      return ticket;
    },
    /** The path that it leads to, once; undefined when it is unknown, used or too old. */
    use: (ticket: string): string | undefined => {
      const until = open.get(ticket);
      open.delete(ticket);
      return until !== undefined && now() < until ? path : undefined;
    },
  };
}
