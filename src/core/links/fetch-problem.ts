import { egressRefusals } from "../server/egress-container.ts";
import { UserError } from "../errors.ts";
import { command, hint, type Hint } from "../hints.ts";
import { plainText } from "../terminal-text.ts";
import type { Repository } from "./repository.ts";

interface Asked extends Repository {
  readonly service: string;
  readonly commit: string | undefined;
  readonly hasToken: boolean;
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

function reasonOf(
  { url, branch, service, commit, hasToken }: Asked,
  said: string,
): readonly [string, Hint?] {
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
