import type { PublishSpec, RouteSpec, Scale } from "./spec.ts";

/** Writes a scale as the Dockerfile does; the other functions here do the same for their values. */
export function writeScale(scale: Scale): string {
  if (scale.kind === "replace") return "0";
  return scale.kind === "safe" ? `${scale.replicas} safe` : String(scale.replicas);
}

export const writeRoute = ({ host, path, https }: RouteSpec): string =>
  `${https ? "https" : "http"}://${host}${path}`;

export const writePublish = ({ ip, hostPort, containerPort, protocol }: PublishSpec): string =>
  `${ip.includes(":") ? `[${ip}]` : ip}:${hostPort}:${containerPort}${protocol === "udp" ? "/udp" : ""}`;
