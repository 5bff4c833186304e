import { writeDuration } from "../dockerfile/durations.ts";
import type { HealthcheckSpec, PublishSpec, RouteSpec, Scale, VolumeSpec } from "./spec.ts";

/** Values of a spec as its Dockerfile writes them. */
export function writeScale(scale: Scale): string {
  if (scale.kind === "replace") return "0";
  return scale.kind === "safe" ? `${scale.replicas} safe` : String(scale.replicas);
}

export const writeRoute = ({ host, path, https }: RouteSpec): string =>
  `${https ? "https" : "http"}://${host}${path}`;

export const writeVolume = ({ kind, source, target, readOnly }: VolumeSpec): string =>
  `${kind === "home" ? "~/" : ""}${source}:${target}${readOnly ? ":ro" : ""}`;

export const writePublish = ({ ip, hostPort, containerPort, protocol }: PublishSpec): string =>
  `${ip.includes(":") ? `[${ip}]` : ip}:${hostPort}:${containerPort}${protocol === "udp" ? "/udp" : ""}`;

export const writeHealthcheck = ({ path, intervalMs, timeoutMs }: HealthcheckSpec): string =>
  `${path} ${writeDuration(intervalMs)} ${writeDuration(timeoutMs)}`;

/** In the largest unit that needs no fraction, as `maxmem` takes it. */
export function writeMemory(bytes: number): string {
  const units = ["", "k", "m", "g"];
  let value = bytes;
  let unit = 0;
  while (unit < 3 && value % 1024 === 0) {
    value /= 1024;
    unit += 1;
  }
  return `${value}${units[unit]}`;
}
