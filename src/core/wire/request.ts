import { createHash } from "node:crypto";
import { UserError } from "../errors.ts";
import { maxReplicas } from "../release/spec.ts";
import { checkManifest } from "../push/manifest.ts";
import { readExec, readRun } from "./program.ts";
import { maxRequestBytes, type Action, type Request } from "./protocol.ts";
import { certificateHost, readCertificate, readLogin, registryHost } from "./server-request.ts";
import { newerRequest, allKnown } from "./versions.ts";
import { readLogsAsked } from "./watching.ts";

/** Reads the bytes that were signed; throws UserError "bad-request" that names the first thing out of place. */
export function parseRequest(bytes: Uint8Array): Request {
  if (bytes.length > maxRequestBytes)
    throw bad(`${bytes.length} bytes, at most ${maxRequestBytes}`);
  const value = parseJson(bytes);
  if (value["v"] !== 1)
    throw newerRequest("unknown version of the protocol, update mypaas on both sides");
  return allKnown(value, {
    v: 1,
    server: text(value, "server", /^(local|[0-9a-f]{16})$/),
    created: wholeNumber(value["created"], "created"),
    nonce: text(value, "nonce", /^[0-9a-f]{32}$/),
    tokenHash: text(value, "tokenHash", /^[0-9a-f]{64}$/),
    ...readAction(value),
  });
}

/** Names a request for good: a replay has the same id, whatever signature it carries. */
export const requestId = (bytes: Uint8Array): string => sha256(bytes);

/** Names what is asked for, whoever asks and whenever; options of a push do not count. */
export const contentId = (action: Action): string => sha256(canonical(contentOf(action)));

/** What a server keeps of a bearer token. */
export const hashToken = (token: string): string => sha256(token);

function readAction(value: Fields): Action {
  const action = value["action"];
  switch (action) {
    case "push":
      return { action, service: serviceName(value), push: readPush(value["push"]) };
    case "plan":
      return {
        action,
        service: serviceName(value),
        push: readPush(value["push"]),
        text: text(value, "text", /^[^\0]{1,4194304}$/),
      };
    case "rollback":
      return { action, service: serviceName(value), ...maybeNumber(value, "release") };
    case "scale":
      return { action, service: serviceName(value), replicas: replicas(value["replicas"]) };
    case "remove": {
      const volumes = list(value["volumes"], "volumes").map((name) => volume(name));
      return { action, service: serviceName(value), volumes };
    }
    case "restart":
    case "stop":
    case "start":
    case "remove.list":
      return { action, service: serviceName(value) };
    case "release.list":
      return { action, ...maybeService(value) };
    case "logs":
      return { action, service: serviceName(value), ...readLogsAsked(value) };
    case "ps":
      return { action, ...maybeService(value), watch: value["watch"] === true };
    case "job.log":
      return { action, ...maybeService(value), ...maybeNumber(value, "job") };
    case "cancel":
    case "env.list":
      return { action, service: serviceName(value) };
    case "env.set":
      return { action, service: serviceName(value), set: readEnv(value["set"]), ...staged(value) };
    case "env.unset": {
      const names = list(value["names"], "names").map((name) => envName(name));
      return { action, service: serviceName(value), names, ...staged(value) };
    }
    case "run":
      return { action, service: serviceName(value), ...readRun(value) };
    case "exec":
      return { action, service: serviceName(value), ...readExec(value) };
    case "key.list":
    case "server.info":
    case "registry.list":
    case "cert.list":
      return { action };
    case "cert.add":
      return { action, ...readCertificate(value) };
    case "cert.remove":
      return { action, host: certificateHost(value) };
    case "cert.retry":
      return value["host"] === undefined ? { action } : { action, host: certificateHost(value) };
    case "doctor":
      return value["host"] === undefined
        ? { action }
        : { action, host: text(value, "host", /^[A-Za-z0-9.:_-]{1,255}$/) };
    case "registry.login":
      return { action, host: registryHost(value), ...readLogin(value) };
    case "registry.logout":
      return { action, host: registryHost(value) };
    case "key.add":
      return { action, line: text(value, "line", /^[^\n\r]{1,20000}$/) };
    case "key.remove":
      return { action, fingerprint: text(value, "fingerprint", /^[^\n\r]{1,200}$/) };
    default:
      throw newerRequest(
        `unknown action ${JSON.stringify(action)?.slice(0, 40)}, update mypaas on the server`,
      );
  }
}

type Push = Extract<Action, { action: "push" }>["push"];

function readPush(value: unknown): Push {
  const push = fields(value, "push");
  const options = fields(push["options"], "push.options");
  const manifest: Push = {
    dockerfile: text(push, "dockerfile", /^[^\0]{1,4096}$/),
    entries: list(push["entries"], "push.entries").map(readEntry),
    options: {
      pull: options["pull"] === true,
      noCache: options["noCache"] === true,
      ...(options["takeFrom"] === undefined ? {} : { takeFrom: serviceName(options, "takeFrom") }),
    },
  };
  allKnown(push, manifest, "push.");
  allKnown(options, manifest.options, "push.options.");
  const problem = checkManifest(manifest)[0];
  if (problem !== undefined) throw bad(problem);
  return manifest;
}

function readEntry(value: unknown): Push["entries"][number] {
  const entry = fields(value, "push.entries");
  const path = text(entry, "path", /^[^\0]{1,4096}$/);
  const where = "push.entries.";
  if ("link" in entry)
    return allKnown(entry, { path, link: text(entry, "link", /^[^\0]{1,4096}$/) }, where);
  const [mode, size] = [wholeNumber(entry["mode"], "mode"), wholeNumber(entry["size"], "size")];
  const sha256 = text(entry, "sha256", /^[0-9a-f]{64}$/);
  return allKnown(entry, { path, mode, size, sha256 }, where);
}

function readEnv(value: unknown): Readonly<Record<string, string>> {
  const entries = Object.entries(fields(value, "set"));
  if (entries.length === 0) throw bad("set: names no variable");
  return Object.fromEntries(
    entries.map(([name, item]) => {
      if (typeof item !== "string" || item.includes("\0") || item.length > 128 * 1024)
        throw bad(`set.${envName(name)}: should be text of at most 128 KiB`);
      return [envName(name), item];
    }),
  );
}

function envName(name: unknown): string {
  if (typeof name !== "string" || !/^[A-Za-z_][A-Za-z0-9_]{0,199}$/.test(name))
    throw bad(`not a name of a variable: ${JSON.stringify(name)?.slice(0, 60)}`);
  return name;
}

const staged = (value: Fields): { readonly stage?: true } =>
  value["stage"] === true ? { stage: true } : {};

function replicas(value: unknown): number {
  const count = wholeNumber(value, "replicas");
  if (count >= 1 && count <= maxReplicas) return count;
  throw bad(`replicas: should be from 1 to ${maxReplicas}, got ${count}`);
}

function volume(name: unknown): string {
  if (typeof name === "string" && /^[A-Za-z0-9][A-Za-z0-9_.-]{0,254}$/.test(name)) return name;
  throw bad(`not a name of a volume: ${JSON.stringify(name)?.slice(0, 60)}`);
}

const serviceName = (value: Fields, name = "service"): string =>
  text(value, name, /^[a-z0-9][a-z0-9.-]{0,49}$/);

const maybeService = (value: Fields): { readonly service?: string } =>
  value["service"] === undefined ? {} : { service: serviceName(value) };

type Fields = Readonly<Record<string, unknown>>;

function parseJson(bytes: Uint8Array): Fields {
  try {
    return fields(JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)));
  } catch (cause) {
    if (cause instanceof UserError) throw cause;
    throw bad("not JSON in UTF-8", cause);
  }
}

function fields(value: unknown, name?: string): Fields {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Fields;
  throw bad(`${name === undefined ? "" : `${name}: `}should be an object`);
}

function list(value: unknown, name: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw bad(`${name}: should be a list`);
}

function text(value: Fields, name: string, pattern: RegExp): string {
  const item = value[name];
  if (typeof item === "string" && pattern.test(item)) return item;
  throw bad(`${name}: not valid: ${JSON.stringify(item)?.slice(0, 60)}`);
}

const maybeNumber = <N extends string>(value: Fields, name: N): { readonly [K in N]?: number } =>
  value[name] === undefined
    ? {}
    : ({ [name]: wholeNumber(value[name], name) } as Record<N, number>);

function wholeNumber(value: unknown, name: string): number {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
  throw bad(`${name}: should be a whole number, got ${JSON.stringify(value)?.slice(0, 40)}`);
}

const bad = (message: string, cause?: unknown): UserError =>
  new UserError(`request: ${message}`, { code: "bad-request", cause });

const sha256 = (data: Uint8Array | string): string =>
  createHash("sha256").update(data).digest("hex");

/** The action alone, without the head of the request that it may be part of. */
function contentOf(action: Action): unknown {
  const content = readAction({ ...action });
  // The id is stored, and a hash of a short password alone could be guessed.
  if (content.action === "registry.login") return { ...content, password: undefined };
  if (content.action === "cert.add") return { ...content, privateKey: undefined };
  if (content.action === "run" || content.action === "exec")
    return { ...content, command: undefined };
  return content.action === "push"
    ? { ...content, push: { ...content.push, options: undefined } }
    : content;
}

/** JSON with sorted keys, so that equal values have equal text. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) =>
    typeof item === "object" && item !== null && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : item,
  );
}
