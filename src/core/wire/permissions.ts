import { command, hint, onServer } from "../hints.ts";
import { UserError } from "../errors.ts";
import type { EnrolledKey } from "../ssh/authorized-keys.ts";
import type { ServiceSpec } from "../release/spec.ts";
import { definitionOf, servicesOf, type Action, type ActionName } from "../actions/actions.ts";
import type { Grant, GrantedKey } from "./grant.ts";

/** The sender of a request: an enrolled key, one within a grant that it made, or root on the server's own socket. */
export type Caller = EnrolledKey | GrantedKey | "root";

/** What limits a caller that shows a token; undefined for all others. */
export const grantOf = (caller: Caller): Grant | undefined =>
  caller !== "root" && "grant" in caller ? caller.grant : undefined;

/** Decides alone what a caller may do and refuses everything that is not granted; throws UserError "forbidden" or "expired-key". */
export function authorise(caller: Caller, action: Action, now: number): void {
  authoriseTouch(caller, action.action, servicesOf(action), now);
}

/** The same for a request that was accepted before, of which the state has only these parts. */
export function authoriseTouch(
  caller: Caller,
  name: ActionName,
  touched: readonly string[],
  now: number,
): void {
  if (caller === "root") return;
  refuseExpired(caller, now);
  const { right } = definitionOf(name);
  const { services, actions, noVolumes, expires } = caller.options;
  const grant = grantOf(caller);
  if (grant !== undefined) authoriseGrant(grant, name, touched);
  if (right !== "any key" && actions && !actions.includes(right))
    throw forbidden(caller, name, `its actions are ${actions.join(", ")}`);
  // A key that may enrol keys could enrol itself again without its limits, so a limited key needs that right by name.
  if (right === "key" && !actions && (noVolumes || expires !== undefined))
    throw forbidden(caller, name, 'it has limits, and no actions="key"');
  if (!services) return;
  const why = `its services are ${services.join(", ")}`;
  // An action that needs a right and touches no service touches the server.
  if (right !== "any key" && touched.length === 0) throw forbidden(caller, name, why);
  for (const service of touched)
    if (!maySee(caller, service)) throw forbidden(caller, `${name} ${service}`, why);
}

/** A grant only takes away: what its key may not do, its holder may not do either. */
function authoriseGrant(grant: Grant, name: ActionName, touched: readonly string[]): void {
  const { right, byGrant } = definitionOf(name);
  const refuse = (why: string, what: string = name) =>
    new UserError(`token ${grant.name}: not allowed: ${what} (${why})`, {
      code: "forbidden",
      hint: hint`make one that may: ${command("token create")}`,
    });
  if (byGrant === undefined) throw refuse("no token can do it");
  if (grant.access === "read" && byGrant === "change") throw refuse("it is read-only");
  if (right !== "any key" && !grant.actions.some((one) => one === right))
    throw refuse(`its actions are ${grant.actions.join(", ")}`);
  if (grant.services.includes("*")) return;
  const why = `its services are ${grant.services.join(", ")}`;
  if (right !== "any key" && touched.length === 0) throw refuse(why);
  for (const service of touched)
    if (!grant.services.some((pattern) => matches(pattern, service)))
      throw refuse(why, `${name} ${service}`);
}

/** True for a service that neither the options of the key nor a grant exclude, whatever rights there are. */
export function maySee(caller: Caller, service: string): boolean {
  if (caller === "root") return true;
  return [caller.options.services, grantOf(caller)?.services].every(
    (patterns) => patterns?.some((pattern) => matches(pattern, service)) ?? true,
  );
}

/** True for a key with which other keys can be enrolled and removed now. */
export const mayManageKeys = (key: EnrolledKey, now: number): boolean =>
  mayDo(key, { action: "key.list" }, now);

/** True for an action that the caller would not be refused. */
export function mayDo(caller: Caller, action: Action, now: number): boolean {
  try {
    authorise(caller, action, now);
    return true;
  } catch (error) {
    if (error instanceof UserError) return false;
    throw error;
  }
}

/** True for a caller that is not limited to services, and so sees what belongs to none. */
export const maySeeServer = (caller: Caller): boolean =>
  caller === "root" ||
  (caller.options.services === undefined && (grantOf(caller)?.services.includes("*") ?? true));

/** Decides whether the key may use the settings of a service; throws UserError "forbidden". */
export function authoriseSpec(caller: Caller, spec: ServiceSpec): void {
  if (caller === "root" || !caller.options.noVolumes) return;
  if (spec.volumes.every(({ kind }) => kind === "none")) return;
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

const forbidden = (key: EnrolledKey, what: string, why: string): UserError =>
  new UserError(`key ${nameOf(key)}: not allowed: ${what} (${why})`, {
    code: "forbidden",
    hint: hint`use another key, or change its options on the server: ${onServer("key")}`,
  });

/** The name of a caller for people. */
export const nameOf = (caller: Caller): string => {
  if (caller === "root") return "root";
  const grant = grantOf(caller);
  return `${caller.name || caller.fingerprint}${grant ? ` by token ${grant.name}` : ""}`;
};

/** The id of a caller in the state: a fingerprint, or `root`. */
export const idOf = (caller: Caller): string => (caller === "root" ? "root" : caller.fingerprint);
