import { UserError } from "../errors.ts";
import type { EnrolledKey, Right } from "../ssh/authorized-keys.ts";
import type { ServiceSpec } from "../release/spec.ts";
import type { Action, ActionName } from "./protocol.ts";
import { command, hint, onServer } from "../hints.ts";

/** Who asks: an enrolled key, or root on the server's own socket. */
export type Caller = EnrolledKey | "root";

/** The right each action needs; undefined: every enrolled key may. */
const needed: Readonly<Record<ActionName, Right | undefined>> = {
  push: "push",
  plan: "push",
  rollback: "push",
  cancel: "push",
  scale: "manage",
  restart: "manage",
  stop: "manage",
  start: "manage",
  remove: "manage",
  "remove.list": "manage",
  "release.list": undefined,
  "env.list": "env",
  "env.set": "env",
  "env.unset": "env",
  logs: "logs",
  "job.log": "logs",
  ps: undefined,
  run: "run",
  exec: "run",
  "key.list": "key",
  "key.add": "key",
  "key.remove": "key",
  "server.info": undefined,
  doctor: "manage",
  "registry.login": "manage",
  "registry.logout": "manage",
  "registry.list": "manage",
  "cert.list": undefined,
  "cert.add": "manage",
  "cert.remove": "manage",
  "cert.retry": "manage",
};

/** The one place that decides what a caller may do; throws UserError "forbidden" or "expired-key", anything not granted is refused. */
export function authorise(caller: Caller, action: Action, now: number): void {
  authoriseTouch(caller, action.action, touchedServices(action), now);
}

/** The same for a request that was accepted before, of which only this much is kept. */
export function authoriseTouch(
  caller: Caller,
  name: ActionName,
  touched: readonly string[],
  now: number,
): void {
  if (caller === "root") return;
  refuseExpired(caller, now);
  const right = needed[name];
  const { services, actions } = caller.options;
  if (right !== undefined && actions && !actions.includes(right))
    throw forbidden(caller, name, "actions", actions);
  if (right === "key" && !actions) refuseLimited(caller, name);
  if (!services) return;
  // What needs a right and touches no service touches the server.
  if (right !== undefined && touched.length === 0)
    throw forbidden(caller, name, "services", services);
  for (const service of touched)
    if (!maySee(caller, service))
      throw forbidden(caller, `${name} ${service}`, "services", services);
}

/** True for a service that the key is not kept away from, whatever it may do there. */
export function maySee(caller: Caller, service: string): boolean {
  if (caller === "root" || !caller.options.services) return true;
  return caller.options.services.some((pattern) => matches(pattern, service));
}

function touchedServices(action: Action): readonly string[] {
  const service = "service" in action ? action.service : undefined;
  const other = "push" in action ? action.push.options.takeFrom : undefined;
  return [service, other].filter((name) => name !== undefined);
}

/** A key that may enrol others could enrol itself again without its limits, so a limited one must be given that right by name. */
function refuseLimited(key: EnrolledKey, what: ActionName): void {
  const { noVolumes, expires } = key.options;
  if (!noVolumes && expires === undefined) return;
  throw new UserError(
    `key ${nameOf(key)}: not allowed: ${what} (it has limits, and no actions="key")`,
    {
      code: "forbidden",
      hint: otherKey,
    },
  );
}

/** True for a key with which other keys can be enrolled and removed now. */
export function mayManageKeys(key: EnrolledKey, now: number): boolean {
  try {
    authorise(key, { action: "key.list" }, now);
    return true;
  } catch (error) {
    if (error instanceof UserError) return false;
    throw error;
  }
}

/** What the comments of a pushed Dockerfile may ask for with this key; throws UserError "forbidden". */
export function authoriseSpec(caller: Caller, spec: ServiceSpec): void {
  if (caller === "root" || !caller.options.noVolumes || spec.volumes.length === 0) return;
  throw new UserError(`key ${nameOf(caller)}: may not use volumes`, {
    code: "forbidden",
    hint: "use another key, or remove mypaas.volume from the Dockerfile",
  });
}

/** Throws UserError "expired-key" from the moment its option names. */
export function refuseExpired(key: EnrolledKey, now: number): void {
  const { expires } = key.options;
  if (expires === undefined || now < expires) return;
  throw new UserError(`key ${nameOf(key)}: expired on ${new Date(expires).toISOString()}`, {
    code: "expired-key",
    hint: hint`ask someone with another key to enrol it again: ${command("key add")}`,
  });
}

/** True when `service` fits a pattern in which `*` stands for any run of characters. */
export function matches(pattern: string, service: string): boolean {
  const parts = pattern.split("*");
  const first = parts[0] ?? "";
  if (parts.length === 1) return pattern === service;
  const last = parts.at(-1) ?? "";
  if (!service.startsWith(first) || service.length < first.length + last.length) return false;
  let at = first.length;
  for (const part of parts.slice(1, -1)) {
    const found = service.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return service.endsWith(last) && service.length - last.length >= at;
}

function forbidden(key: EnrolledKey, what: string, option: string, granted: readonly string[]) {
  return new UserError(
    `key ${nameOf(key)}: not allowed: ${what} (its ${option} are ${granted.join(", ")})`,
    { code: "forbidden", hint: otherKey },
  );
}

const otherKey = hint`use another key, or change its options on the server: ${onServer("key")}`;

/** What people call a caller. */
export const nameOf = (caller: Caller): string =>
  caller === "root" ? "root" : caller.name || caller.fingerprint;

/** What the state keeps of a caller: a fingerprint, or `root`. */
export const idOf = (caller: Caller): string => (caller === "root" ? "root" : caller.fingerprint);
