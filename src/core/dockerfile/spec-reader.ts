import { readValues, routesOf, type SpecInput } from "./parse-values.ts";
import { checkRules } from "./rules.ts";
import { slugOf } from "./service-names.ts";
import type { ServiceSpec } from "../release/spec.ts";

/** Puts the key lines together to one spec; it means something only if no problem was added. */
export function readSpec(input: SpecInput): ServiceSpec {
  const found = readValues(input);
  checkRules(found, input);
  const service = found.servicename?.value ?? "";
  return {
    service,
    slug: slugOf(service),
    routes: routesOf(found).map(({ value }) => value),
    stripPrefix: found.stripPrefix?.value ?? false,
    port: found.port?.value,
    scale: found.scale?.value ?? { kind: "replace" },
    volumes: found.volumes.map(({ value }) => value),
    env: found.env.map(({ value }) => value),
    publish: found.publish.map(({ value }) => value),
    healthcheck: found.healthcheck?.value,
    startTimeoutMs: found.startTimeout?.value ?? 60_000,
    drainTimeoutMs: found.drainTimeout?.value,
    stopTimeoutMs: found.stopTimeout?.value ?? 10_000,
    maxCpu: found.maxcpu?.value,
    maxMemoryBytes: found.maxmem?.value,
    release: found.release?.value,
    target: found.target?.value,
    buildArgs: found.buildArgs.map(({ value }) => value),
  };
}
