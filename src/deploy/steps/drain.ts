import { drainTimeMs } from "../../core/release/spec.ts";
import type { ContainerFacts } from "../ports.ts";
import type { SwitchContext } from "../switch-context.ts";
import { replicasOf } from "../replicas.ts";
import { messages } from "../messages.ts";
import { step } from "./step.ts";

const betweenLooksMs = 100;
/** A request may have been given to the old release just before the change and dial it only now. */
const quietLooks = 3;
/** A drain shorter than this is not worth a word. */
const quietForMs = 2_000;

/** Waits until nothing that the old release was asked is under way any more, or the time for it is over. */
export async function drainOld(context: SwitchContext): Promise<void> {
  const { from, clock, say, oldFirst, signal } = context;
  if (from?.port === undefined || from.spec.routes.length === 0) return;
  const port = from.port;
  const old = await replicasOf(context, from.number);
  const timeoutMs = drainTimeMs(from.spec, oldFirst);
  await step(context, "drain", async () => {
    const begun = clock.now();
    let told = false;
    let open = 0;
    for (let quiet = 0; quiet < quietLooks;) {
      open = await openConnections(context, old, port);
      quiet = open === 0 ? quiet + 1 : 0;
      const elapsed = clock.now() - begun;
      if (elapsed >= timeoutMs) break;
      if (open > 0 && !told && elapsed >= quietForMs) {
        told = true;
        say(messages.draining(from, open));
      }
      await clock.sleep(betweenLooksMs, oldFirst ? signal : undefined);
    }
    if (open > 0) say(messages.cutOff(from, open));
  });
}

/** Connections of Traefik alone: the other services' own ones may be kept open for ever. */
async function openConnections(
  { router, connections }: SwitchContext,
  old: readonly ContainerFacts[],
  port: number,
): Promise<number> {
  const traefik = new Set(await router.addresses());
  const counts = old.map(async ({ pid }) => {
    const sockets = (await connections.socketsOf(pid)) ?? [];
    return sockets.filter(
      ({ state, localPort, remoteAddress }) =>
        state === "established" && localPort === port && traefik.has(remoteAddress),
    ).length;
  });
  return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
}
