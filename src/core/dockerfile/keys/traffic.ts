import {
  writeHeader,
  writeRateLimit,
  type HeaderSpec,
  type RateLimit,
} from "../../release/spec.ts";
import { amount, count, flag, object, text, word } from "../../stored/shape.ts";
import { readRange } from "../ip-range.ts";
import { bad, good, readBoolean, refuse, show, type Read } from "../values.ts";
import { about, ifSet, listChange, manyValues, oneValue, refuseTwice, type Rule } from "./key.ts";
import { balancerFields } from "./balancer.ts";
import { readBytes, writeBytes } from "./limits.ts";
import { needsRoute, routesOf } from "./routes.ts";

const self = (value: string): string => value;

/** Warns where a password would be readable on its way. */
const needsHttps: Rule<string> = (key, file) => {
  const [found] = file.values(key);
  if (found === undefined || routesOf(file).every(({ value }) => value.https)) return;
  file.warnings.add(found, about(key, "passwords are sent unencrypted without https"));
};

const auth = manyValues<"auth">({
  name: "auth",
  syntax: "user",
  fallback: "no password",
  help: "A user that may pass. All routes ask for a password; set it with mypaas auth.",
  read: readUser,
  stored: text,
  rule: (key, file) => {
    refuseTwice(self)(key, file);
    needsRoute(key, file);
    needsHttps(key, file);
  },
  text: self,
  changes: listChange("auth", self),
});

const headers = manyValues<"headers">({
  name: "header",
  syntax: "Name: value, or Name: alone",
  fallback: "as the service sets them",
  help: "A header that each answer gets, in place of the service's own. Name: alone removes it.",
  read: readHeader,
  stored: object<HeaderSpec, "name" | "value">({ name: text, value: text }),
  rule: (key, file) => {
    refuseTwice<HeaderSpec>(({ name }) => name.toLowerCase())(key, file);
    needsRoute(key, file);
    refuseVary(key, file);
  },
  text: writeHeader,
  changes: listChange("header", writeHeader),
});

const allowIp = manyValues<"allowIp">({
  name: "allow-ip",
  syntax: "address or range",
  fallback: "every address",
  help: "An address or range (CIDR) that may pass. All others get 403.",
  read: readRange,
  stored: text,
  rule: (key, file) => {
    refuseTwice(self)(key, file);
    needsRoute(key, file);
  },
  text: self,
  changes: listChange("allow-ip", self),
});

const rateLimit = oneValue<"rateLimit">({
  name: "rate-limit",
  syntax: "20/s, 100/m or 1000/h, then burst 50",
  fallback: "no limit",
  help: "Requests of one address on each route. More get 429 with Retry-After. burst: so many at once.",
  read: readRateLimit,
  default: undefined,
  stored: object<RateLimit, "requests" | "per" | "burst">({
    requests: count,
    per: word("s", "m", "h"),
    burst: count,
  }),
  rule: needsRoute,
  text: ifSet(writeRateLimit),
  write: ifSet(writeRateLimit),
});

const maxRequests = oneValue<"maxRequests">({
  name: "max-requests",
  syntax: "1 to 100000",
  fallback: "no limit",
  help: "Requests at once on each route. More get 429.",
  read: readMaxRequests,
  default: undefined,
  stored: count,
  rule: needsRoute,
  text: ifSet(String),
  write: ifSet(String),
});

const maxBodyBytes = oneValue<"maxBodyBytes">({
  name: "max-body",
  syntax: "50m",
  fallback: "no limit",
  help: "Size of a request's body. Larger ones get 413, and POST, PUT or PATCH without a Content-Length 411.",
  read: (written) => readBytes(written, "1k"),
  default: undefined,
  stored: amount,
  rule: (key, file) => {
    needsRoute(key, file);
    warnOfStreams(key, file);
  },
  text: ifSet(writeBytes),
  write: ifSet(writeBytes),
});

const compress = oneValue<"compress">({
  name: "compress",
  syntax: "true or false",
  fallback: "false",
  help: "Compresses answers with gzip, br or zstd, as the client asks; never event streams.",
  read: readBoolean,
  default: false,
  stored: flag,
  rule: needsRoute,
  text: (isOn) => (isOn ? "true" : undefined),
  write: (isOn) => (isOn ? "true" : undefined),
});

export const trafficFields = {
  auth,
  headers,
  allowIp,
  rateLimit,
  maxRequests,
  maxBodyBytes,
  compress,
};

/** Reads the name of a user; it has no colon, which separates it from its password. */
export function readUser(name: string): Read<string> {
  return /^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$/.test(name)
    ? good(name)
    : bad(
        "a user name of letters, digits and . _ @ -, without a password",
        name.split(":")[0] ?? "",
      );
}

/** Calls of gRPC are streams, whose length nobody knows before their end. */
const warnOfStreams: Rule<number> = (key, file) => {
  const [found] = file.values(key);
  if (found !== undefined && file.values(balancerFields.protocol.key)[0]?.value === "h2c")
    file.warnings.add(found, about(key, "calls of gRPC have no Content-Length and get 411"));
};

/** Caches would mix up compressed and plain answers. */
const refuseVary: Rule<HeaderSpec> = (key, { values, problems }) => {
  if (values(compress.key)[0]?.value !== true) return;
  for (const found of values(key))
    if (found.value.name.toLowerCase() === "vary")
      problems.add(found, about(key, "Vary cannot be set beside mypaas.compress, which sets it"));
};

/** Headers that are not the service's to set, and the reason. */
const refusedHeaders: readonly (readonly [RegExp, string])[] = [
  [/^strict-transport-security$/i, "mypaas sets it where the host has a certificate"],
  [/^x-mypaas-/i, "mypaas uses it itself"],
  [/^set-cookie2?$/i, "it would replace the cookies of the service"],
  [/^(content-(length|encoding|range)|transfer-encoding|trailer|te)$/i, "it describes the body"],
  [/^(connection|keep-alive|upgrade|proxy-.*|alt-svc)$/i, "it belongs to the connection"],
  [/^(location|www-authenticate)$/i, "it belongs to single answers"],
];

function readHeader(line: string): Read<HeaderSpec> {
  const colon = line.indexOf(":");
  const name = (colon < 0 ? line : line.slice(0, colon)).trim();
  if (colon < 0) return bad("a header such as X-Frame-Options: DENY", line);
  if (!/^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$/.test(name))
    return refuse(`the name should have letters, digits, _ and - only, got "${show(name)}"`);
  const refused = refusedHeaders.find(([pattern]) => pattern.test(name));
  if (refused !== undefined) return refuse(`${name} cannot be set, because ${refused[1]}`);
  const value = line.slice(colon + 1).trim();
  if (!/^[\x20-\x7e]*$/.test(value))
    return refuse(`the value of ${name} should be printable ASCII, got "${show(value)}"`);
  return good({ name, value });
}

const most = 100_000;

function readRateLimit(line: string): Read<RateLimit> {
  const match = /^(\d{1,9})\s*\/\s*(s|m|h)(?:\s+burst\s+(\d{1,9}))?$/.exec(line);
  const unit = match?.[2];
  if (!match || !(unit === "s" || unit === "m" || unit === "h"))
    return bad("a rate such as 20/s, 100/m or 20/s burst 50", line);
  const requests = Number(match[1]);
  const burst = Number(match[3] ?? requests);
  if ([requests, burst].some((n) => n < 1 || n > most))
    return bad(`a rate with numbers from 1 to ${most}`, line);
  return good({ requests, per: unit, burst });
}

function readMaxRequests(line: string): Read<number> {
  const wanted = /^\d{1,9}$/.test(line) ? Number(line) : 0;
  return wanted >= 1 && wanted <= most
    ? good(wanted)
    : bad(`a whole number from 1 to ${most}`, line);
}
