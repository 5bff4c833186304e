import type {
  LogContainer,
  LogSource,
  RawLine,
} from "../../src/adapters/engines/docker/log-stream.ts";

const begin = Date.UTC(2026, 10, 21, 12);

/** A time some milliseconds after noon, as the engine writes it. */
export const logTime = (ms: number): string =>
  new Date(begin + ms).toISOString().replace("Z", "000000Z");

interface FakeContainer {
  readonly about: LogContainer;
  readonly lines: RawLine[];
}

/** Containers whose output the test writes, with the engine's rules: `since` is inclusive, a followed log ends with its container. */
export function fakeLogs() {
  const containers = new Map<string, FakeContainer>();
  const waiting = new Set<() => void>();
  const wake = () => {
    for (const go of waiting) go();
  };
  const change = (signal: AbortSignal) =>
    new Promise<void>((resolve) => {
      const go = () => {
        waiting.delete(go);
        resolve();
      };
      waiting.add(go);
      signal.addEventListener("abort", go, { once: true });
      if (signal.aborted) go();
    });
  const set = (id: string, isRunning: boolean) => {
    const known = containers.get(id);
    if (known === undefined) throw new Error(`no container ${id}`);
    containers.set(id, { ...known, about: { ...known.about, isRunning } });
    wake();
  };
  const source: LogSource = {
    list: async () => [...containers.values()].map(({ about }) => about),
    read: async function* read(id, { since, tail, isFollowed, signal }) {
      const all = () => containers.get(id)?.lines ?? [];
      let next = tail === undefined ? 0 : Math.max(0, all().length - tail);
      while (!signal.aborted) {
        const lines = all().slice(next);
        next += lines.length;
        const wanted = lines.filter((line) => since === undefined || line.at >= since);
        if (wanted.length > 0) yield wanted;
        if (lines.length > 0) continue;
        if (!isFollowed || containers.get(id)?.about.isRunning !== true) return;
        await change(signal);
      }
    },
    watch: async (_service, onChange, signal) => {
      while (!signal.aborted) {
        await change(signal);
        onChange();
      }
    },
  };
  return {
    source,
    /** Starts a container; its short id is `<release>-<replica>` filled up. */
    start: (release: number, replica: number, process = "web") => {
      const id = `${release}${replica}${process === "web" ? "" : process}`
        .padEnd(12, "0")
        .slice(0, 12);
      containers.set(id, { about: { id, release, process, replica, isRunning: true }, lines: [] });
      wake();
      return id;
    },
    print: (id: string, ms: number, text: string, stream: RawLine["stream"] = "stdout") => {
      containers.get(id)?.lines.push({ stream, at: logTime(ms), text });
      wake();
    },
    stop: (id: string) => set(id, false),
    again: (id: string) => set(id, true),
    remove: (id: string) => {
      containers.delete(id);
      wake();
    },
  };
}
