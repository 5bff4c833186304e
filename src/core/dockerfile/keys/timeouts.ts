import type { HealthcheckSpec } from "../../release/spec.ts";
import { amount, object, text } from "../../stored/shape.ts";
import { readDuration, writeDuration } from "../durations.ts";
import { bad, good, refuse, type Read } from "../values.ts";
import { ifSet, oneValue } from "./key.ts";

const second = 1000;
const hour = 3600 * second;

const duration = { syntax: "duration", stored: amount, title: "timeouts" } as const;

export const timeoutFields = {
  healthcheck: oneValue<"healthcheck">({
    name: "healthcheck",
    syntax: "/path [interval] [timeout]",
    fallback: "a TCP connection",
    help: "A replica is ready when this path answers with 2xx or 3xx. Default interval 10s, timeout 5s.",
    read: readHealthcheck,
    default: undefined,
    stored: object<HealthcheckSpec, keyof HealthcheckSpec>({
      path: text,
      intervalMs: amount,
      timeoutMs: amount,
    }),
    text: ifSet(
      ({ path, intervalMs, timeoutMs }) =>
        `${path} every ${writeDuration(intervalMs)}, at most ${writeDuration(timeoutMs)}`,
    ),
    write: ifSet(
      ({ path, intervalMs, timeoutMs }) =>
        `${path} ${writeDuration(intervalMs)} ${writeDuration(timeoutMs)}`,
    ),
  }),
  startTimeoutMs: oneValue<"startTimeoutMs">({
    name: "start-timeout",
    ...duration,
    fallback: "60s",
    help: "A new release must be ready within this time.",
    read: (text) => readDuration(text, second, hour),
    default: 60_000,
    text: (ms) => `start ${writeDuration(ms)}`,
    write: writeDuration,
    hiddenAtFirst: true,
  }),
  drainTimeoutMs: oneValue<"drainTimeoutMs">({
    name: "drain-timeout",
    ...duration,
    fallback: "30s, or 3s while requests wait",
    help: "Time for open requests to end before the old release is stopped.",
    read: (text) => readDuration(text, 0, hour),
    default: undefined,
    text: ifSet((ms) => `drain ${writeDuration(ms)}`),
    sameLine: true,
    write: ifSet(writeDuration),
  }),
  stopTimeoutMs: oneValue<"stopTimeoutMs">({
    name: "stop-timeout",
    ...duration,
    fallback: "10s",
    help: "Time between the image's STOPSIGNAL, else SIGTERM, and SIGKILL.",
    read: (text) => readDuration(text, 0, hour / 6),
    default: 10_000,
    text: (ms) => `stop ${writeDuration(ms)}`,
    sameLine: true,
    write: writeDuration,
    hiddenAtFirst: true,
  }),
};

/** Reads `/path [interval] [timeout]`. */
function readHealthcheck(text: string): Read<HealthcheckSpec> {
  const [path = "", every, within, ...more] = text.split(/\s+/);
  if (more.length > 0) return bad("/path, an interval and a timeout at most", text);
  if (!/^\/[A-Za-z0-9._~@+,=!:;%&?/-]{0,255}$/.test(path))
    return bad("a path such as /health", path);
  const interval = every === undefined ? good(10_000) : readDuration(every, 1000, 600_000);
  if ("bad" in interval) return refuse(`interval ${interval.bad}`, interval.hint);
  const intervalMs = interval.value;
  const timeout =
    within === undefined ? good(Math.min(5000, intervalMs)) : readDuration(within, 100, 60_000);
  if ("bad" in timeout) return refuse(`timeout ${timeout.bad}`, timeout.hint);
  if (timeout.value > intervalMs)
    return refuse(
      `timeout ${writeDuration(timeout.value)} is longer than the interval ${writeDuration(intervalMs)}`,
    );
  return good({ path, intervalMs, timeoutMs: timeout.value });
}
