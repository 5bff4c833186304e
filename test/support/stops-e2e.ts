import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { lineSplitter } from "../../src/adapters/engines/docker/build-log.ts";
import { docker } from "./mypaas-e2e.ts";

/** The end of one container. */
export interface Stop {
  readonly service: string;
  readonly release: string;
  /** Numbers of the signals that it got, in order; 9 is the one after the stop timeout. */
  readonly signals: readonly string[];
  readonly exitCode: string;
}

interface DockerEvent {
  readonly Action: string;
  readonly Actor: {
    readonly ID: string;
    readonly Attributes: Readonly<Record<string, string | undefined>>;
  };
}

/** Hears from the engine how the containers of an instance end. */
export async function watchStops(instance: string) {
  const label = [`mypaas.instance=${instance}`];
  const stream = await docker.getEvents({
    filters: { type: ["container"], event: ["kill", "die"], label },
  });
  const signals = new Map<string, string[]>();
  const stops: Stop[] = [];
  const splitter = lineSplitter((line) => {
    const { Action, Actor } = JSON.parse(line) as DockerEvent;
    const { "mypaas.service": service = "", "mypaas.release": release = "" } = Actor.Attributes;
    const { signal = "", exitCode = "" } = Actor.Attributes;
    const got = signals.get(Actor.ID) ?? [];
    signals.set(Actor.ID, got);
    if (Action === "kill") got.push(signal);
    else stops.push({ service, release, signals: got.splice(0), exitCode });
  });
  stream.on("data", (bytes: Buffer) => splitter.write(bytes));
  return {
    /** The ends of a service since it was asked last, once there are so many. */
    ends: async (service: string, count: number): Promise<readonly Stop[]> => {
      const own = () => stops.filter((stop) => stop.service === service);
      for (let tries = 0; own().length < count && tries < 100; tries += 1) await sleep(100);
      const found = own();
      for (const stop of found) stops.splice(stops.indexOf(stop), 1);
      return found;
    },
    stop: () => (stream as unknown as { destroy: () => void }).destroy(),
  };
}

/** Each of them got this signal and nothing else, and ended well. */
export function assertClean(what: string, stops: readonly Stop[], count: number, signal: number) {
  const said = stops.map(
    ({ release, signals, exitCode }) => `r${release} ${signals.join(" ")} ${exitCode}`,
  );
  console.log(`${what}: ${stops.length} stops, release signal exit: ${said.join(", ")}`);
  assert.deepEqual(
    stops.map(({ signals, exitCode }) => [...signals, exitCode]),
    Array.from({ length: count }, () => [String(signal), "0"]),
  );
}
