import type { Mount, Release } from "../release/release.ts";
import type {
  BuildArgSpec,
  EnvSpec,
  HealthcheckSpec,
  PublishSpec,
  RouteSpec,
  Scale,
  ServiceSpec,
  VolumeSpec,
} from "../release/spec.ts";
import type { Receipt } from "../actions/lifecycle.ts";
import { inState, readStored } from "./stored.ts";
import { amount, count, flag, listOf, mapOf, maybe, object, text, union, word } from "./shape.ts";

const route = object<RouteSpec, "host" | "path" | "https">({
  host: text,
  path: text,
  https: flag,
});

const scale = union<Scale>({
  replace: object<object>({}),
  roll: object<{ readonly replicas: number }, "replicas">({ replicas: count }),
  safe: object<{ readonly replicas: number }, "replicas">({ replicas: count }),
});

const volume = object<VolumeSpec, "kind" | "source" | "target" | "readOnly">({
  kind: word("named", "home", "absolute"),
  source: text,
  target: text,
  readOnly: flag,
});

const publish = object<PublishSpec, "ip" | "hostPort" | "containerPort" | "protocol">({
  ip: text,
  hostPort: count,
  containerPort: count,
  protocol: word("tcp", "udp"),
});

const healthcheck = object<HealthcheckSpec, "path" | "intervalMs" | "timeoutMs">({
  path: text,
  intervalMs: amount,
  timeoutMs: amount,
});

/** What the first released version wrote always. A key that came later does not belong here: it says with `or` what it is in older releases. */
type FirstKeys =
  | "service"
  | "slug"
  | "routes"
  | "stripPrefix"
  | "scale"
  | "volumes"
  | "env"
  | "publish"
  | "startTimeoutMs"
  | "stopTimeoutMs"
  | "buildArgs";

const spec = object<ServiceSpec, FirstKeys>({
  service: text,
  slug: text,
  routes: listOf(route),
  stripPrefix: flag,
  port: maybe(count),
  scale,
  volumes: listOf(volume),
  env: listOf(object<EnvSpec, "name">({ name: text, value: maybe(text) })),
  publish: listOf(publish),
  healthcheck: maybe(healthcheck),
  startTimeoutMs: amount,
  drainTimeoutMs: maybe(amount),
  stopTimeoutMs: amount,
  maxCpu: maybe(amount),
  maxMemoryBytes: maybe(amount),
  release: maybe(text),
  target: maybe(text),
  buildArgs: listOf(object<BuildArgSpec, "name" | "value">({ name: text, value: text })),
});

const mount = object<Mount, "type" | "source" | "target" | "readOnly">({
  type: word("volume", "bind"),
  source: text,
  target: text,
  readOnly: flag,
});

export const releaseShape = object<
  Release,
  "instance" | "number" | "spec" | "image" | "env" | "mounts" | "imageHealthcheck"
>({
  instance: text,
  number: count,
  spec,
  image: text,
  port: maybe(count),
  env: mapOf(text),
  mounts: listOf(mount),
  yielded: maybe(listOf(route)),
  imageHealthcheck: flag,
});

export const receiptShape = object<Receipt, "ms">({
  ms: amount,
  requests: maybe(count),
  failed: maybe(count),
});

/** Reads a release as any released version stored it; throws UserError "damaged-state". */
export const readRelease = (json: string, service: string, number: number): Release =>
  readStored(json, releaseShape, inState(`release ${number} of ${service}`));

/** Reads what the switch to a release took. */
export const readReceipt = (json: string, service: string, number: number): Receipt =>
  readStored(json, receiptShape, inState(`receipt of release ${number} of ${service}`));
