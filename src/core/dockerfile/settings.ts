import { maxReplicas } from "../release/spec.ts";
import { writeDuration, readDuration } from "./durations.ts";
import { isIpv4 } from "./hosts.ts";
import type {
  BuildArgSpec,
  EnvSpec,
  HealthcheckSpec,
  PublishSpec,
  Scale,
  VolumeSpec,
} from "../release/spec.ts";
import { bad, good, readPort, refuse, show, unquote, type Read } from "./values.ts";

/** `0`, `N`, `N roll` or `N safe`. */
export function readScale(text: string): Read<Scale> {
  const match = /^(\d{1,4})(?:\s+(roll|safe))?$/i.exec(text);
  const replicas = Number(match?.[1] ?? NaN);
  if (!match || !(replicas <= maxReplicas) || (replicas === 0 && match[2] !== undefined))
    return bad(`0, N, "N roll" or "N safe" with N from 1 to ${maxReplicas}`, text);
  if (replicas === 0) return good({ kind: "replace" });
  return good({ kind: match[2]?.toLowerCase() === "safe" ? "safe" : "roll", replicas });
}

/** `~/dir:/path[:ro]`, `name:/path[:ro]` or `/host/dir:/path[:ro]`. */
export function readVolume(text: string): Read<VolumeSpec> {
  const parts = text.split(":").map((part) => part.trim());
  const [from = "", to = "", mode = "rw"] = parts;
  if (parts.length < 2 || parts.length > 3 || !/^r[ow]$/.test(mode))
    return bad("~/dir:/path or name:/path, with :ro for read-only", text);
  const target = to.replace(/\/$/, "");
  if (!isPlainPath(target)) return bad("an absolute path in the container after the colon", text);
  if (/^\/(proc|sys|dev)(\/|$)/.test(target))
    return refuse(`cannot cover ${target} of the container`);
  const readOnly = mode === "ro";
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

function isPlainPath(path: string): boolean {
  const segments = path.slice(1).split("/");
  return (
    path.startsWith("/") &&
    path.length <= 1024 &&
    segments.every((segment) => segment !== "" && segment !== "." && segment !== "..") &&
    !path.includes("\\")
  );
}

const variable = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** `K=V`, or `K` alone for a value that is set on the server; messages show the name only, the value may be a secret. */
export function readEnv(text: string): Read<EnvSpec> {
  const equals = text.indexOf("=");
  const name = (equals < 0 ? text : text.slice(0, equals)).trim();
  if (!variable.test(name) || name.length > 255)
    return refuse(
      `should be NAME=value or NAME, the name of letters, digits and _${got(name, equals)}`,
    );
  if (name === "PORT")
    return refuse(
      "PORT is set by mypaas",
      "use mypaas.port to say which port the service listens on",
    );
  if (/^MYPAAS_/i.test(name))
    return refuse(`${name} is a name that mypaas sets itself`, "choose another name");
  return good({ name, value: equals < 0 ? undefined : unquote(text.slice(equals + 1).trim()) });
}

/** `K=V` for the build. */
export function readBuildArg(text: string): Read<BuildArgSpec> {
  const equals = text.indexOf("=");
  const name = (equals < 0 ? text : text.slice(0, equals)).trim();
  if (equals < 0 || !variable.test(name) || name.length > 255)
    return refuse(`should be NAME=value, the name of letters, digits and _${got(name, equals)}`);
  return good({ name, value: unquote(text.slice(equals + 1).trim()) });
}

// Without an equals sign the whole text could be a secret pasted alone.
const got = (name: string, equals: number): string => (equals < 0 ? "" : `, got "${show(name)}"`);

/** `[ip:]host:container[/udp]`; no ip means this machine only. */
export function readPublish(text: string): Read<PublishSpec> {
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
  if (!text.startsWith("[")) return isIpv4(text) ? text : undefined;
  return URL.parse(`http://${text}/`)?.hostname.slice(1, -1);
}

/** `/path [interval] [timeout]`. */
export function readHealthcheck(text: string): Read<HealthcheckSpec> {
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
