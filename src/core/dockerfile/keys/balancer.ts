import { replicaCount, type Sticky } from "../../release/spec.ts";
import { amount, object, text, union, word } from "../../stored/shape.ts";
import { readDuration, writeDuration } from "../durations.ts";
import { bad, good, readBoolean, refuse, type Read } from "../values.ts";
import { containerFields } from "./container.ts";
import { about, ifSet, oneValue, type FileKeys, type Found } from "./key.ts";
import { grpcHealthPath } from "../../health/grpc-health.ts";
import { needsRoute, warnsWithoutRoute } from "./routes.ts";
import { timeoutFields } from "./timeouts.ts";

const sticky = oneValue<"sticky">({
  name: "sticky",
  syntax: "true, false or a cookie's name",
  fallback: "false",
  help: "A visitor stays with a replica while it lives, by a cookie. For sessions in memory and socket.io.",
  read: readSticky,
  default: { kind: "off" },
  stored: union<Sticky>({
    off: object<object>({}),
    on: object<object>({}),
    named: object<{ readonly cookie: string }, "cookie">({ cookie: text }),
  }),
  rule: (key, file) => {
    const [found] = file.values(key);
    if (found === undefined || found.value.kind === "off") return;
    if (warnsWithoutRoute(key, found, file)) return;
    const [scale] = file.values(containerFields.scale.key);
    if (scale === undefined || replicaCount(scale.value) === 1)
      file.warnings.add(
        found,
        about(key, "has no effect with one container"),
        "set mypaas.scale to 2 or more",
      );
  },
  text: (value) => (value.kind === "named" ? `by the cookie ${value.cookie}` : writeSticky(value)),
  write: writeSticky,
});

const protocol = oneValue<"protocol">({
  name: "protocol",
  syntax: "http or h2c",
  fallback: "http",
  help: "h2c: the service speaks HTTP/2 without TLS, as gRPC servers do. Its health check and its requests use it.",
  read: readProtocol,
  default: "http",
  stored: word("http", "h2c"),
  rule: (key, file) => {
    const [found] = file.values(key);
    if (found?.value === "h2c" && !warnsWithoutRoute(key, found, file)) warnOfWaiting(found, file);
    const [check] = file.values(timeoutFields.healthcheck.key);
    if (found?.value === "h2c" || check?.value.path !== grpcHealthPath) return;
    const message = "is gRPC, which this service does not speak without mypaas.protocol = h2c";
    file.warnings.add(check, about(timeoutFields.healthcheck.key, message));
  },
  text: (name) => (name === "http" ? undefined : "h2c (HTTP/2 without TLS)"),
  write: (name) => (name === "http" ? undefined : name),
});

const answerTimeoutMs = oneValue<"answerTimeoutMs">({
  name: "timeout",
  syntax: "duration",
  fallback: "none",
  help: "An answer must begin within this time, or the client gets 504. Waiting for a new release does not count.",
  read: (text) => readDuration(text, 1000, 3_600_000),
  default: undefined,
  stored: amount,
  rule: needsRoute,
  text: ifSet((ms) => `${writeDuration(ms)} until an answer begins`),
  write: ifSet(writeDuration),
});

/** Traefik may send a request over h2c twice when it has waited. */
function warnOfWaiting(found: Found<unknown>, { values, warnings }: FileKeys): void {
  const [scale] = values(containerFields.scale.key);
  if (scale?.value.kind === "roll") return;
  const message = "a call that waits for a new release may reach it twice";
  warnings.add(found, about(protocol.key, message), "set mypaas.scale to 1 or more, without safe");
}

export const balancerFields = { sticky, protocol, answerTimeoutMs };

/** Reads `true`, `false` or a name; the name of a cookie is a token (RFC 6265, 4.1.1). */
function readSticky(text: string): Read<Sticky> {
  const isOn = readBoolean(text);
  if ("value" in isOn) return good({ kind: isOn.value ? "on" : "off" });
  if (/^__(host|secure)-/i.test(text))
    return refuse(
      `should not begin with ${text.slice(0, text.indexOf("-") + 1)}, which browsers refuse over http`,
    );
  // Traefik writes any other character as _.
  if (/^[A-Za-z0-9_-]{1,64}$/.test(text)) return good({ kind: "named", cookie: text });
  return bad("true, false, or a cookie's name of letters, digits, - and _", text);
}

function writeSticky(value: Sticky): string | undefined {
  if (value.kind === "off") return undefined;
  return value.kind === "named" ? value.cookie : "true";
}

function readProtocol(text: string): Read<"http" | "h2c"> {
  const name = text.toLowerCase();
  if (name === "http" || name === "h2c") return good(name);
  const grpc = /^(grpc|http2|http\/2|h2)$/.test(name);
  const hint = grpc
    ? "write h2c: HTTP/2 without TLS, which gRPC servers in containers speak"
    : undefined;
  return bad("http or h2c", text, hint);
}
