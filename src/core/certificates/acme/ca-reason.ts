import { command, hint, type Hint } from "../../hints.ts";
import { traefikContainerName } from "../../release/names.ts";
import {
  defaultInstance,
  defaultRunDir,
  defaultStateDir,
  instancePaths,
} from "../../server/instance.ts";
import { retry, trouble, type AcmeProblem } from "./problem.ts";
import type { Trouble } from "../record.ts";

/** Reasons in the request itself: limits, rules, the account, or an error of the CA. */
export function caReason(problem: AcmeProblem): Trouble | undefined {
  const { type, detail, host } = problem;
  if (type === undefined) return undefined;
  if (/^Service busy/i.test(detail)) return trouble("CA away", "the CA is busy", waiting);
  if (type === "rateLimited") return rateLimit(problem);
  if (refusals.has(type))
    return trouble(
      "refused",
      `the CA refuses this name: ${detail}`,
      hint`choose another domain, or add a certificate: ${command(`cert add ${host} cert.pem key.pem`)}`,
    );
  if (away.has(type)) return trouble("CA away", `the CA has an internal error: ${detail}`, waiting);
  return account(problem) ?? trouble("refused", `the CA refuses (${type}): ${detail}`);
}

const waiting = "wait; mypaas tries again by itself";
const refusals = new Set(["rejectedIdentifier", "unsupportedIdentifier", "malformed"]);
const away = new Set(["badNonce", "serverInternal", "orderNotReady"]);

/** Boulder's `Decision.Result` in `ratelimits/limiter.go`. A pause after many failures comes here too, and ends only by hand. */
function rateLimit({ detail, host }: AcmeProblem): Trouble {
  const page = /Please visit: (https?:\/\/\S+)/.exec(detail)?.[1];
  if (page !== undefined)
    return trouble(
      "rate limit",
      "the CA has paused the requests of this server after too many failures",
      hint`open ${page}, then run: ${retry(host)}`,
    );
  const [, date, time] =
    /retry after (\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2}:\d{2})(?: UTC|Z)/i.exec(detail) ?? [];
  const notBefore = Date.parse(`${date}T${time}Z`);
  const text = detail
    .replace(/:? see https?:\/\/\S+$/, "")
    .replace(/, retry after .*$/i, "")
    .replaceAll(/\b(\d+)h0m0s\b/g, (_all, hours: string) => span(Number(hours)));
  const reached = "the CA's rate limit is reached";
  if (Number.isNaN(notBefore)) return trouble("rate limit", `${reached}: ${text}`, waiting);
  const reason = `${reached} until ${date} ${time} UTC: ${text}`;
  return { ...trouble("rate limit", reason, waiting), notBefore };
}

const span = (hours: number): string =>
  hours >= 48 && hours % 24 === 0 ? `${hours / 24} days` : `${hours} h`;

const { acmeDir } = instancePaths({ stateDir: defaultStateDir, runDir: defaultRunDir });

// Traefik keeps the file in memory and writes it again, so it is stopped first; init starts it.
const newAccount = hint`run on the server, where FILE is the CA's file in ${acmeDir}: docker stop ${traefikContainerName(defaultInstance)} && sudo mv FILE FILE.old && sudo ${command("init")}; all certificates are then requested again`;

function account({ type = "", detail, instance, host }: AcmeProblem): Trouble | undefined {
  const email = [
    "the CA refuses the email address",
    hint`set another one: ${command("init --email ADDRESS")}`,
  ] as const;
  const known = Object.entries<readonly [reason: string, way: Hint]>({
    accountDoesNotExist: ["the CA no longer knows this server's account", newAccount],
    externalAccountRequired: [
      "the CA requires an account that was created there first",
      hint`choose a CA that needs none, such as Let's Encrypt: ${command("init --help")}`,
    ],
    userActionRequired: [
      "the CA requires an action by hand",
      hint`open ${instance ?? "the CA's page"}, then run: ${retry(host)}`,
    ],
    invalidContact: email,
    unsupportedContact: email,
  });
  const [reason, way] = new Map(known).get(type) ?? [];
  return reason === undefined ? undefined : trouble("CA account", `${reason}: ${detail}`, way);
}
