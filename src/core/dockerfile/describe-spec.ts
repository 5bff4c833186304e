import { writeDuration } from "./durations.ts";
import type { PublishSpec, Scale, ServiceSpec, VolumeSpec } from "../release/spec.ts";

/** A service as mypaas understood it, one line per fact, for people. */
export function describeSpec(spec: ServiceSpec): readonly string[] {
  const facts: readonly (readonly [string, readonly (string | undefined)[]])[] = [
    ["service", [spec.service]],
    ["routes", routes(spec)],
    ["port", [spec.port === undefined ? undefined : String(spec.port)]],
    ["scale", [scale(spec.scale)]],
    ["volumes", spec.volumes.map(volume)],
    [
      "env",
      spec.env.map(({ name, value }) =>
        value === undefined ? `${name} (set on the server)` : name,
      ),
    ],
    ["publish", spec.publish.map(publish)],
    ["healthcheck", [healthcheck(spec)]],
    ["timeouts", [timeouts(spec)]],
    ["limits", limits(spec)],
    ["release", [spec.release]],
    ["target", [spec.target]],
    ["build args", spec.buildArgs.map(({ name }) => name)],
  ];
  return facts.flatMap(([title, values]) =>
    values
      .filter((value) => value !== undefined)
      .map((value, index) => `  ${(index === 0 ? title : "").padEnd(12)} ${value}`),
  );
}

function routes(spec: ServiceSpec): readonly string[] {
  if (spec.routes.length === 0) return ["none: not reachable from outside"];
  const scheme = (https: boolean) => (https ? "https://" : "http://");
  return spec.routes.map(({ host, path, https }) =>
    host === "auto"
      ? `auto${path} (${spec.slug}.<server domain>)`
      : `${scheme(https)}${host}${path}`,
  );
}

function scale(value: Scale): string {
  if (value.kind === "replace") return "1 container, old before new, requests wait";
  const count = `${value.replicas} container${value.replicas === 1 ? "" : "s"}`;
  return `${count}, ${value.kind === "roll" ? "new before old" : "all old before all new, requests wait"}`;
}

function volume({ kind, source, target, readOnly }: VolumeSpec): string {
  return `${kind === "home" ? "~/" : ""}${source} → ${target}${readOnly ? " (read-only)" : ""}`;
}

function publish({ ip, hostPort, containerPort, protocol }: PublishSpec): string {
  return `${ip.includes(":") ? `[${ip}]` : ip}:${hostPort} → ${containerPort}/${protocol}`;
}

function healthcheck({ healthcheck: check }: ServiceSpec): string | undefined {
  if (check === undefined) return undefined;
  const { path, intervalMs, timeoutMs } = check;
  return `${path} every ${writeDuration(intervalMs)}, at most ${writeDuration(timeoutMs)}`;
}

function timeouts(spec: ServiceSpec): string {
  const drain =
    spec.drainTimeoutMs === undefined ? "" : `, drain ${writeDuration(spec.drainTimeoutMs)}`;
  return `start ${writeDuration(spec.startTimeoutMs)}${drain}, stop ${writeDuration(spec.stopTimeoutMs)}`;
}

function limits({ maxCpu, maxMemoryBytes }: ServiceSpec): readonly string[] {
  const cpu = maxCpu === undefined ? [] : [`${maxCpu} cpu`];
  const memory =
    maxMemoryBytes === undefined ? [] : [`${Math.round(maxMemoryBytes / 2 ** 20)} MiB`];
  return cpu.concat(memory);
}
