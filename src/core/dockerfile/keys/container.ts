import { nameChanges, valueChanges, type Values } from "../../release/change.ts";
import {
  writePublish,
  writeScale,
  maxReplicas,
  replicaCount,
  type EnvSpec,
  type PublishSpec,
  type Scale,
  type VolumeSpec,
} from "../../release/spec.ts";
import type { Release } from "../../release/release.ts";
import { count, flag, maybe, object, text, union, word } from "../../stored/shape.ts";
import { isIPv4 } from "../../server/addresses.ts";
import { bad, good, readPort, refuse, show, readVariable, type Read } from "../values.ts";
import {
  about,
  manyValues,
  oneValue,
  refuseTwice,
  type FileKeys,
  type Found,
  type Key,
  type SpecField,
} from "./key.ts";

const scaleRow = oneValue<"scale">({
  name: "scale",
  syntax: "0, N, N roll or N safe",
  fallback: "0",
  help: "0: one container; the old one stops before the new one starts, and requests wait. N: N containers; the new ones start before the old ones stop. N safe: N containers; all old ones stop first, and requests wait.",
  read: readScale,
  default: { kind: "replace" },
  stored: union<Scale>({
    replace: object<object>({}),
    roll: object<{ readonly replicas: number }, "replicas">({ replicas: count }),
    safe: object<{ readonly replicas: number }, "replicas">({ replicas: count }),
  }),
  text: (value) => describeScale(value, true),
  write: writeScale,
});

const scale = {
  ...scaleRow,
  describe: (value, { routes }) => [
    { title: "scale", text: describeScale(value, routes.length > 0) },
  ],
} satisfies SpecField<Scale>;

const volumes = manyValues<"volumes">({
  name: "volume",
  syntax: "~/dir:/path[:ro], name:/path[:ro] or none:/path",
  fallback: "none",
  help: "Data that is kept across releases: a folder in the home of the server's user, or a named volume. A path that the image declares with VOLUME needs a line. With none, its data is thrown away with each container.",
  read: readVolume,
  stored: object<VolumeSpec, "kind" | "source" | "target" | "readOnly">({
    kind: word("named", "home", "absolute", "none"),
    source: text,
    target: text,
    readOnly: flag,
  }),
  rule: refuseTwice(({ target }) => target),
  title: "volumes",
  text: ({ kind, source, target, readOnly }) =>
    kind === "none"
      ? `${target} (thrown away with each container)`
      : `${kind === "home" ? "~/" : ""}${source} → ${target}${readOnly ? " (read-only)" : ""}`,
  changes: (from, to) =>
    valueChanges("volume", from?.value.map(writeVolume), to.value.map(writeVolume)),
});

const env = manyValues<"env">({
  name: "env",
  syntax: "K=V or K",
  fallback: "none",
  help: "Environment variable. For K without a value, set the value with mypaas env SERVICE set K=V.",
  read: readEnv,
  stored: object<EnvSpec, "name">({ name: text, value: maybe(text) }),
  rule: refuseTwice(({ name }) => name),
  text: ({ name, value }) => (value === undefined ? `${name} (set on the server)` : name),
  changes: (from, to) =>
    nameChanges("env", from ? environment(from.release) : new Map(), environment(to.release)),
});

const publish = manyValues<"publish">({
  name: "publish",
  syntax: "[ip:]host:container[/udp]",
  fallback: "none",
  help: "Opens a port of the server, without ip only on 127.0.0.1. The old container stops before the new one starts.",
  read: readPublish,
  stored: object<PublishSpec, "ip" | "hostPort" | "containerPort" | "protocol">({
    ip: text,
    hostPort: count,
    containerPort: count,
    protocol: word("tcp", "udp"),
  }),
  rule: checkPublish,
  text: ({ ip, hostPort, containerPort, protocol }) =>
    `${ip.includes(":") ? `[${ip}]` : ip}:${hostPort} → ${containerPort}/${protocol}`,
  changes: (from, to) =>
    valueChanges("publish", from?.value.map(writePublish), to.value.map(writePublish)),
});

export const containerFields = { scale, volumes, env, publish };

function readScale(text: string): Read<Scale> {
  const match = /^(\d{1,4})(?:\s+(roll|safe))?$/i.exec(text);
  const replicas = Number(match?.[1] ?? NaN);
  if (!match || !(replicas <= maxReplicas) || (replicas === 0 && match[2] !== undefined))
    return bad(`0, N, "N roll" or "N safe" with N from 1 to ${maxReplicas}`, text);
  if (replicas === 0) return good({ kind: "replace" });
  return good({ kind: match[2]?.toLowerCase() === "safe" ? "safe" : "roll", replicas });
}

function describeScale(value: Scale, hasRoutes: boolean): string {
  const waiting = hasRoutes ? ", requests wait" : "";
  if (value.kind === "replace") return `1 container, the old one stops first${waiting}`;
  const count = `${value.replicas} container${value.replicas === 1 ? "" : "s"}`;
  return `${count}, ${value.kind === "roll" ? "the new ones start first" : `all old ones stop first${waiting}`}`;
}

/** Reads `~/dir:/path[:ro]`, `name:/path[:ro]` or `/host/dir:/path[:ro]`. */
function readVolume(text: string): Read<VolumeSpec> {
  const parts = text.split(":").map((part) => part.trim());
  const [from = "", to = "", mode = "rw"] = parts;
  if (parts.length < 2 || parts.length > 3 || !/^r[ow]$/.test(mode))
    return bad("~/dir:/path or name:/path, with :ro for read-only", text);
  const target = to.replace(/\/$/, "");
  if (!isPlainPath(target)) return bad("an absolute path in the container after the colon", text);
  if (/^\/(proc|sys|dev)(\/|$)/.test(target))
    return refuse(`cannot replace ${target} in the container`);
  const readOnly = mode === "ro";
  if (from === "none")
    return readOnly
      ? refuse("none cannot be read-only", `write: # mypaas.volume = none:${target}`)
      : good({ kind: "none", source: "", target, readOnly });
  if (/^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/.test(from))
    return good({ kind: "named", source: from, target, readOnly });
  const source = from.replace(/\/$/, "");
  if (source.startsWith("~")) {
    const inside = source.slice(1);
    if (!isPlainPath(inside) || /\/\./.test(inside))
      return bad("a folder below ~/ without .. or dot folders", text);
    return good({ kind: "home", source: inside.slice(1), target, readOnly });
  }
  if (isPlainPath(source)) return good({ kind: "absolute", source, target, readOnly });
  return bad("~/dir, a name, or an absolute path before the colon", text);
}

/** True for an absolute path without empty, `.` or `..` parts. */
export function isPlainPath(path: string): boolean {
  const segments = path.slice(1).split("/");
  return (
    path.startsWith("/") &&
    path.length <= 1024 &&
    segments.every((segment) => segment !== "" && segment !== "." && segment !== "..") &&
    !path.includes("\\")
  );
}

const writeVolume = ({ kind, source, target, readOnly }: VolumeSpec): string =>
  kind === "none"
    ? `none:${target}`
    : `${kind === "home" ? "~/" : ""}${source}:${target}${readOnly ? ":ro" : ""}`;

/** Reads `K=V`, or `K` alone for a value that is set on the server. */
function readEnv(text: string): Read<EnvSpec> {
  const variable = readVariable(text, "NAME=value or NAME");
  if ("bad" in variable) return variable;
  const { name } = variable.value;
  if (name === "PORT")
    return refuse(
      "PORT is set by mypaas",
      "set mypaas.port to the port that the service listens on",
    );
  if (/^MYPAAS_/i.test(name)) return refuse(`${name} is set by mypaas`, "choose another name");
  return variable;
}

/** The environment of the containers without the variables that mypaas sets in every release. */
function environment(release: Release): Values {
  const port = String(release.port);
  return new Map(
    Object.entries(release.env).filter(
      ([name, value]) => !name.startsWith("MYPAAS_") && !(name === "PORT" && value === port),
    ),
  );
}

/** Reads `[ip:]host:container[/udp]`. */
function readPublish(text: string): Read<PublishSpec> {
  const match =
    /^(?:(\[[0-9a-f:.]{2,45}\]|[0-9.]{7,15}):)?(\d{1,5}):(\d{1,5})(?:\/(tcp|udp))?$/i.exec(text);
  if (!match) return bad("[ip:]host-port:container-port[/udp] such as 5432:5432", text);
  const ip = readIp(match[1] ?? "127.0.0.1");
  if (ip === undefined)
    return refuse(`should begin with an IP address, got "${show(match[1] ?? "")}"`);
  const hostPort = readPort(match[2] ?? "");
  if ("bad" in hostPort) return hostPort;
  const containerPort = readPort(match[3] ?? "");
  if ("bad" in containerPort) return containerPort;
  const protocol = match[4]?.toLowerCase() === "udp" ? "udp" : "tcp";
  return good({ ip, hostPort: hostPort.value, containerPort: containerPort.value, protocol });
}

function readIp(text: string): string | undefined {
  if (!text.startsWith("[")) return isIPv4(text) ? text : undefined;
  return URL.parse(`http://${text}/`)?.hostname.slice(1, -1);
}

function checkPublish(key: Key<PublishSpec>, { values, problems }: FileKeys): void {
  const [first] = values(key);
  const [count] = values(scale.key);
  const replicas = count ? replicaCount(count.value) : 1;
  if (first && count && replicas > 1) {
    const problem = `cannot be shared by ${replicas} containers (mypaas.scale, line ${count.line})`;
    problems.add(first, about(key, problem), "set mypaas.scale = 0, or remove mypaas.publish");
  }
  const seen = new Map<string, Found<PublishSpec>[]>();
  for (const each of values(key)) {
    const { ip, hostPort, protocol } = each.value;
    const port = `${hostPort}/${protocol}`;
    const group = seen.get(port) ?? [];
    const before = group.find(({ value }) => value.ip === ip || isAny(value.ip) || isAny(ip));
    if (before) problems.add(each, about(key, `port ${port} is already on line ${before.line}`));
    else seen.set(port, [...group, each]);
  }
}

const isAny = (ip: string): boolean => ip === "0.0.0.0" || ip === "::";
