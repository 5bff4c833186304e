import { egressRefusals } from "../server/egress-container.ts";
import { UserError } from "../errors.ts";
import { command, hint, type Hint } from "../hints.ts";
import { plainText } from "../terminal-text.ts";
import type { Repository } from "./repository.ts";

interface Asked extends Repository {
  readonly service: string;
  readonly commit: string | undefined;
  readonly hasToken: boolean;
  /** Fingerprint of the host key of ssh that is expected. */
  readonly hostKey?: string;
}

/** The error of a fetch that failed, out of the words of git. */
export function fetchProblem(asked: Asked, said: string): UserError {
  const { url, service } = asked;
  const [text, way] = reasonOf(asked, said);
  return new UserError(`${url}: ${text}`, {
    code: "fetch-failed",
    hint: way ?? hint`look at the link: ${command(`link ${service}`)}`,
  });
}

function reasonOf(asked: Asked, said: string): readonly [string, Hint?] {
  const { url, branch, service, commit, hasToken } = asked;
  const has = (pattern: RegExp) => pattern.test(said);
  const refused = /HTTP code (\d{3}) from proxy|CONNECT tunnel failed, response (\d{3})/.exec(said);
  const status = Number(refused?.[1] ?? refused?.[2] ?? 0);
  if (status in egressRefusals) {
    const reason = egressRefusals[status as keyof typeof egressRefusals];
    const isPlace = status === 403 || status === 406;
    return [
      `not reached: ${reason}`,
      isPlace
        ? "a forge in the own network is allowed on the server, with egress.allow in config.yml"
        : "look at the address, and push again",
    ];
  }
  const ofSsh = url.startsWith("https:") ? undefined : reasonOfSsh(asked, said);
  if (ofSsh !== undefined) return ofSsh;
  const again = hint`link it with a token: ${command(`link ${service} ${url}#${branch} --token -`)}`;
  if (has(/returned error: 30\d|unable to update url base from redirection/))
    return [
      "sends on to another address, which is not followed",
      hint`name the address that the forge shows for cloning: ${command(`link ${service} https://…#${branch}`)}`,
    ];
  if (has(/returned error: 40[13]|Authentication failed|could not read (Username|Password)/))
    return [hasToken ? "the token is not taken" : "there is none, or it is private", again];
  if (has(/repository .* not found|returned error: 404/i))
    return [
      hasToken ? "there is none, or the token may not read it" : "there is none, or it is private",
      again,
    ];
  if (has(/find remote ref/))
    return [
      `has no branch ${JSON.stringify(branch)}`,
      hint`name another one: ${command(`link ${service} ${url}#BRANCH`)}`,
    ];
  if (has(/not our ref|unadvertised object|Server does not allow request/))
    return [
      `has no commit ${commit?.slice(0, 12) ?? ""} that it gives out`,
      hint`take the newest one: ${command(`pull ${service}`)}`,
    ];
  if (has(/certificate|SSL|gnutls/i))
    return [
      "its certificate is not trusted here",
      "add the CA of the forge to this server: update-ca-certificates, then restart the worker",
    ];
  const last = said.split("\n").findLast((line) => /^(fatal|error):/.test(line));
  return [
    `not fetched: ${last === undefined ? "git ended without a word" : plainText(last.replace(/^\w+: /, ""))}`,
  ];
}

function reasonOfSsh(
  { url, branch, service, hostKey }: Asked,
  said: string,
): readonly [string, Hint] | undefined {
  if (/no ssh in the jail/.test(said))
    return [
      "ssh is not installed on this server",
      "install it, on Debian and Ubuntu: apt-get install openssh-client",
    ];
  if (/host key/i.test(said)) {
    const sent = /SHA256:[A-Za-z0-9+/]{43}/.exec(said)?.[0];
    const wanted = hostKey ?? "another one";
    return [
      sent === undefined
        ? `does not show the host key that is expected, ${wanted}`
        : `has the host key ${sent}, and not ${wanted}`,
      hint`compare it with what the forge says of itself; if it is right: ${command(`link ${service} ${url}#${branch} --host-key ${sent ?? "SHA256:…"}`)}`,
    ];
  }
  if (/Permission denied|Too many authentication failures/.test(said))
    return [
      "the deploy key is not taken",
      hint`add it to the repository, for reading; it is shown by: ${command(`link ${service}`)}`,
    ];
  if (/not found|does not appear to be a git repository|not exist/i.test(said))
    return [
      "there is none, or the deploy key may not read it",
      hint`look at the address, and at the deploy key: ${command(`link ${service}`)}`,
    ];
  return undefined;
}
