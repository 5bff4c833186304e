import { UserError } from "../../core/errors.ts";
import { command, hint } from "../../core/hints.ts";
import type { ActionOf, Results } from "../../core/actions/actions.ts";
import type { LinkInfo } from "../../core/actions/links.ts";
import { fingerprintOf, readSshPlace } from "../../core/links/ssh-place.ts";
import { deployKeyOf, seedBytes, type DeployKey } from "../../core/ssh/deploy-key.ts";
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
  asked: ActionOf<"link.set">,
  caller: Caller,
): Results["link.set"] {
  const { service, url, branch, dockerfile, auto, pollMs, token } = asked;
  const secret = parts.random(24).toString("hex");
  const link: Link = {
    service,
    id: parts.random(16).toString("hex"),
    url,
    branch,
    dockerfile,
    token,
    ...sshOf(parts, asked, caller),
    secret,
    auto: auto === true,
    pollMs,
    key: idOf(caller),
    since: parts.now(),
    seen: undefined,
    status: undefined,
  };
  parts.state.transaction(() => putLink(parts.state, link));
  return { link: infoOf(parts, link), secret };
}

/** The keys of a link over ssh: those of the link before where nothing but its settings has changed, since the forge knows them. */
function sshOf(
  { state, random }: LinkParts,
  { service, url, token, hostKey }: ActionOf<"link.set">,
  caller: Caller,
): Pick<Link, "deployKey" | "hostKey"> {
  if (readSshPlace(url) === undefined) {
    if (hostKey === undefined) return { deployKey: undefined, hostKey: undefined };
    throw new UserError(`link ${service}: a host key belongs to ssh, and this is https`, {
      code: "usage",
      hint: "leave --host-key out",
    });
  }
  if (token !== undefined)
    throw new UserError(`link ${service}: a repository over ssh is read with a deploy key`, {
      code: "usage",
      hint: "leave --token out, or name the repository by https",
    });
  const before = findLink(state, service);
  const isSame = before?.url === url && before.key === idOf(caller);
  const known = isSame ? before : undefined;
  const isKnown =
    known?.hostKey !== undefined &&
    (hostKey === undefined || fingerprintOf(known.hostKey) === hostKey);
  return {
    deployKey: known?.deployKey ?? random(seedBytes).toString("base64"),
    hostKey: isKnown ? known.hostKey : hostKey,
  };
}

/** The key pair with which a link reads over ssh; undefined for https. */
export const deployKey = ({ deployKey: seed, service }: Link): DeployKey | undefined =>
  seed === undefined ? undefined : deployKeyOf(Buffer.from(seed, "base64"), `mypaas-${service}`);

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
  const pair = deployKey(link);
  return {
    service,
    id,
    url,
    branch,
    dockerfile,
    auto,
    ...(pollMs !== undefined && { pollMs }),
    hasToken: link.token !== undefined,
    ...(pair !== undefined && { deployKey: pair.publicKey }),
    ...(link.hostKey !== undefined && { hostKey: fingerprintOf(link.hostKey) }),
    ...(link.status !== undefined && { status: link.status }),
    by: caller === undefined ? key : nameOf(caller),
    since,
    ...(trouble !== undefined && { trouble }),
  };
}
