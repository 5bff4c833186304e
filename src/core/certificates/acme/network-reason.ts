import { command, hint } from "../../hints.ts";
import { trouble, type AcmeProblem } from "./problem.ts";
import type { Trouble } from "../record.ts";

const about = "CA away";

/** Go's error texts for a failed connection, and their meaning. */
const causes: readonly (readonly [RegExp, string])[] = [
  [/no such host/, "its name has no address (no such host)"],
  [/server misbehaving|lookup .* i\/o timeout/, "its name could not be looked up"],
  [/connection refused/, "connection refused"],
  [/no route to host/, "no route to host"],
  [/network is unreachable/, "network is unreachable"],
  [/connection reset by peer|unexpected EOF|\bEOF$/, "it closed the connection"],
  [
    /i\/o timeout|deadline exceeded|Client\.Timeout|handshake timeout|time limit exceeded|timeout awaiting/,
    "no answer in time",
  ],
];

/** Reasons why Traefik has no connection to the CA. */
export function networkReason({ type, detail, url }: AcmeProblem): Trouble | undefined {
  if (type !== undefined) return undefined;
  const ca = placeOf(url);
  const trust = /x509: (?:certificate )?([^\]]+)/.exec(detail)?.[1];
  if (trust !== undefined)
    return trouble(
      about,
      `the certificate of ${ca} is not trusted for https: ${trust}`,
      hint`give the CA's root certificate to init, see: ${command("init --help")}`,
    );
  const cause = causes.find(([pattern]) => pattern.test(detail))?.[1] ?? statusIn(detail);
  if (cause === undefined) return undefined;
  const way =
    url === undefined
      ? "let this server reach the CA over https"
      : `check what answers there: curl -sI ${url}`;
  const reason = `${ca} cannot be reached: ${cause}`;
  return { ...trouble(about, reason, `${way}; mypaas tries again by itself`), isSilence: true };
}

/** When the answer is not ACME, lego starts with the status: `503 :: GET :: https://… :: …`. */
function statusIn(detail: string): string | undefined {
  const status = /\b([1-5]\d\d) ::\s?(?:GET|HEAD|POST) ::/.exec(detail)?.[1];
  return status && `status ${status}`;
}

function placeOf(url: string | undefined): string {
  const host = url === undefined ? undefined : URL.parse(url)?.host;
  return host === undefined || host === "" ? "the CA" : `the CA at ${host}`;
}
