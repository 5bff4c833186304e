import { traefikContainerName } from "../../release/names.ts";
import {
  defaultInstance,
  defaultRunDir,
  defaultStateDir,
  instancePaths,
} from "../../server/instance.ts";
import type { AcmeProblem } from "./problem.ts";
import type { Trouble } from "../record.ts";
import { command, hint, hintFields, hintText } from "../../hints.ts";

/** What a CA says of the request itself: its limits, its rules, the account, its own faults. */
export function caReason(problem: AcmeProblem): Trouble | undefined {
  const { type, detail, host } = problem;
  if (type === undefined) return undefined;
  if (/^Service busy/i.test(detail))
    return { about: "CA away", reason: "the CA is busy", hint: waiting };
  if (type === "rateLimited") return rateLimit(problem);
  if (refusals.has(type))
    return {
      about: "refused",
      reason: `the CA gives no certificate for this name: ${detail}`,
      ...hintFields(
        hint`choose another domain, or bring a certificate along: ${command(`cert add ${host} cert.pem key.pem`)}`,
      ),
    };
  if (away.has(type))
    return { about: "CA away", reason: `the CA has a fault of its own: ${detail}`, hint: waiting };
  return account(problem) ?? { about: "refused", reason: `the CA refuses (${type}): ${detail}` };
}

const waiting = "wait; nothing has to be typed";
const refusals = new Set(["rejectedIdentifier", "unsupportedIdentifier", "malformed"]);
const away = new Set(["badNonce", "serverInternal", "orderNotReady"]);

/** Boulder's `Decision.Result` in `ratelimits/limiter.go`; a pause after many failures is one too, and ends by hand only. */
function rateLimit({ detail, host }: AcmeProblem): Trouble {
  const page = /Please visit: (https?:\/\/\S+)/.exec(detail)?.[1];
  if (page !== undefined)
    return {
      about: "rate limit",
      reason: "the CA has paused the requests of this server after too many failures",
      ...hintFields(hint`open ${page}, then run: ${command(`cert retry ${host}`)}`),
    };
  const [, date, time] =
    /retry after (\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2}:\d{2})(?: UTC|Z)/i.exec(detail) ?? [];
  const notBefore = Date.parse(`${date}T${time}Z`);
  const said = detail
    .replace(/:? see https?:\/\/\S+$/, "")
    .replace(/, retry after .*$/i, "")
    .replaceAll(/\b(\d+)h0m0s\b/g, (_all, hours: string) => span(Number(hours)));
  if (Number.isNaN(notBefore))
    return {
      about: "rate limit",
      reason: `the limit of the CA is reached: ${said}`,
      hint: waiting,
    };
  return {
    about: "rate limit",
    reason: `the limit of the CA is reached until ${date} ${time} UTC: ${said}`,
    hint: waiting,
    notBefore,
  };
}

const span = (hours: number): string =>
  hours >= 48 && hours % 24 === 0 ? `${hours / 24} days` : `${hours} h`;

const { acmeDir } = instancePaths({ stateDir: defaultStateDir, runDir: defaultRunDir });

// Traefik has the file in memory, and writes it again as it was; init starts a container that is stopped.
const newAccount = hintText(
  hint`run on the server, FILE being that CA's in ${acmeDir}: docker stop ${traefikContainerName(defaultInstance)} && sudo mv FILE FILE.old && sudo ${command("init")}; every certificate is then asked for again`,
);

function account({ type = "", detail, instance, host }: AcmeProblem): Trouble | undefined {
  const about = "CA account";
  switch (type) {
    case "accountDoesNotExist":
      return {
        about,
        reason: `the CA does not know the account of this server any more: ${detail}`,
        hint: newAccount,
      };
    case "externalAccountRequired":
      return {
        about,
        reason: `the CA wants an account that is made with it first: ${detail}`,
        hint: hintText(
          hint`choose a CA that needs none, such as Let's Encrypt: ${command("init --help")}`,
        ),
      };
    case "userActionRequired":
      return {
        about,
        reason: `the CA wants something done by hand: ${detail}`,
        ...hintFields(
          hint`open ${instance ?? "the CA's page"}, then run: ${command(`cert retry ${host}`)}`,
        ),
      };
    case "invalidContact":
    case "unsupportedContact":
      return {
        about,
        reason: `the CA refuses the email address: ${detail}`,
        hint: hintText(hint`give another one: ${command("init --email ADDRESS")}`),
      };
    default:
      return undefined;
  }
}
