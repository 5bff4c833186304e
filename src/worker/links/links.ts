import { UserError } from "../../core/errors.ts";
import { command, hint } from "../../core/hints.ts";
import type { ActionOf, Results } from "../../core/actions/actions.ts";
import type { LinkInfo } from "../../core/actions/links.ts";
import { authorise, idOf, maySee, nameOf, type Caller } from "../../core/wire/permissions.ts";
import { findLink, putLink, readLinks, removeLink, type Link } from "../../adapters/state/links.ts";
import type { State } from "../../adapters/state/state.ts";
import { callerOf } from "../access/enrolled-keys.ts";

interface LinkParts {
  readonly state: State;
  readonly now: () => number;
  readonly random: (bytes: number) => Buffer;
}

/** Links a service to a repository, in the place of an older link. */
export function setLink(
  parts: LinkParts,
  { service, url, branch, dockerfile, auto, pollMs, token }: ActionOf<"link.set">,
  caller: Caller,
): Results["link.set"] {
  const secret = parts.random(24).toString("hex");
  const link: Link = {
    service,
    id: parts.random(16).toString("hex"),
    url,
    branch,
    dockerfile,
    token,
    secret,
    auto: auto === true,
    pollMs,
    key: idOf(caller),
    since: parts.now(),
    seen: undefined,
  };
  parts.state.transaction(() => putLink(parts.state, link));
  return { link: infoOf(parts, link), secret };
}

/** Throws UserError "no-link" when there is none. */
export function unlink(parts: LinkParts, service: string): LinkInfo {
  const link = findLink(parts.state, service);
  if (link === undefined) throw noLink(service);
  const info = infoOf(parts, link);
  removeLink(parts.state, service);
  return info;
}

/** The links that a caller may see, without secrets. */
export const listLinks = (
  parts: LinkParts,
  service: string | undefined,
  caller: Caller,
): readonly LinkInfo[] =>
  readLinks(parts.state)
    .filter((link) => service === undefined || link.service === service)
    .filter((link) => maySee(caller, link.service))
    .map((link) => infoOf(parts, link));

/** Whose rights a link has now; throws UserError "unknown-key" where its key was removed. */
export function callerOfLink(state: State, { service, key, url, branch }: Link): Caller {
  const caller = callerOf(state, key);
  if (caller !== undefined) return caller;
  throw new UserError(`link ${service}: its key ${key} is not enrolled any more`, {
    code: "unknown-key",
    hint: hint`link it with another key: ${command(`link ${service} ${url}#${branch}`)}`,
  });
}

/** Why a link deploys nothing now; undefined where it does. */
export function troubleOf(
  { state, now }: Omit<LinkParts, "random">,
  link: Link,
): string | undefined {
  try {
    authorise(callerOfLink(state, link), { action: "pull", service: link.service }, now());
    return undefined;
  } catch (error) {
    if (error instanceof UserError) return error.message;
    throw error;
  }
}

export const noLink = (service: string): UserError =>
  new UserError(`link ${service}: there is none`, {
    code: "no-link",
    hint: hint`link a repository: ${command(`link ${service} https://github.com/you/${service}#main`)}`,
  });

function infoOf(parts: Omit<LinkParts, "random">, link: Link): LinkInfo {
  const { service, id, url, branch, dockerfile, auto, pollMs, since, key } = link;
  const caller = callerOf(parts.state, key);
  const trouble = troubleOf(parts, link);
  return {
    service,
    id,
    url,
    branch,
    dockerfile,
    auto,
    ...(pollMs !== undefined && { pollMs }),
    hasToken: link.token !== undefined,
    by: caller === undefined ? key : nameOf(caller),
    since,
    ...(trouble !== undefined && { trouble }),
  };
}
