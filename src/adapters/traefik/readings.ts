import { setTimeout as sleep } from "node:timers/promises";
import { readTraefik } from "./api.ts";

const longestMs = 5_000;

/** Docker knows the address of Traefik, and may not answer. No deploy waits longer than this. */
const tooLong = (): Promise<undefined> => sleep(longestMs, undefined, { ref: false });

type Locate = () => Promise<{ readonly api: string }>;

/** Traefik's metrics. It shows the count of a removed router only once more, so all who count hear each reading, and readings come one after the other. */
export interface Readings {
  /** Reads once; undefined when the metrics could not be had. All listeners have heard it then. Never rejects. */
  readonly read: () => Promise<string | undefined>;
  /** Calls it with each reading, whoever asked for it. */
  readonly listen: (listener: (text: string | undefined) => void) => void;
}

/** Reads from the Traefik that `locate` finds. */
export function createReadings(locate: Locate): Readings {
  const listeners: ((text: string | undefined) => void)[] = [];
  let base: string | undefined;
  let turn: Promise<unknown> = Promise.resolve();
  const readAt = async (address: string): Promise<string> => {
    const text = await readTraefik(address, "/metrics");
    base = address;
    return text;
  };
  const readNow = async (): Promise<string> => {
    const known = base;
    base = undefined;
    // A restarted Traefik may have another address.
    const text = known && (await readAt(known).catch(() => undefined));
    return text ?? readAt((await locate()).api);
  };
  const tell = async (): Promise<string | undefined> => {
    const text = await Promise.race([readNow().catch(() => undefined), tooLong()]);
    for (const listener of listeners) listener(text);
    return text;
  };
  return {
    read: () => {
      const done = turn.then(tell);
      turn = done.catch(() => undefined);
      return done;
    },
    listen: (listener) => void listeners.push(listener),
  };
}
