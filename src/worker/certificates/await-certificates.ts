import { command, hint, hintFields, hintOf } from "../../core/hints.ts";
import type { CertificateInfo } from "../../core/actions/certificates.ts";
import type { Say } from "../../core/wire/events.ts";
import type { Clock } from "../../deploy/ports.ts";
import type { CertificateManager } from "./manager.ts";
import { endedWithin } from "../ended-within.ts";

/** A live deploy waits this long for certificates; most come in a few seconds. */
const waitMs = 10_000;
const quietMs = 1_000;

export interface AwaitParts {
  readonly clock: Clock;
  readonly manager: Pick<CertificateManager, "checkNow">;
  readonly infos: () => readonly CertificateInfo[];
}

export interface DeployReport {
  readonly say: Say;
  readonly signal: AbortSignal;
  /** Hosts that had no certificate when the deploy began. */
  readonly requestedEarly: readonly string[];
  /** Hosts that the deploy moved from https to http. */
  readonly movedToHttp: readonly string[];
}

/** Waits for the certificates of a live deploy. Reports each that came, and each that did not with a hint; never rejects. */
export async function awaitCertificates(
  { clock, manager, infos }: AwaitParts,
  hosts: readonly string[],
  { say, signal, requestedEarly }: Omit<DeployReport, "movedToHttp">,
): Promise<void> {
  const ofDeploy = () => infos().filter(({ host }) => hosts.includes(host));
  const names = ofDeploy()
    .filter(({ host, certificate }) => certificate === undefined || requestedEarly.includes(host))
    .map(({ host }) => host);
  if (names.length === 0) return;
  const work = manager.checkNow(names, "deploy");
  if (!(await endedWithin(clock, work, { ms: quietMs, signal })) && !signal.aborted) {
    const what = names.length === 1 ? "the certificate of" : "the certificates of";
    say({ kind: "step", text: `waiting for ${what} ${names.join(", ")}` });
    await endedWithin(clock, work, { ms: waitMs - quietMs, signal });
  }
  for (const info of ofDeploy()) if (names.includes(info.host)) say(certificateEvent(info));
}

function certificateEvent(info: CertificateInfo): Parameters<Say>[0] {
  const { host, state, certificate, reason, nextTry } = info;
  if (certificate !== undefined)
    return { kind: "step", text: `${host} has a certificate of ${certificate.issuer}` };
  if (state === "asking")
    return {
      kind: "warning",
      text: `${host} has no certificate yet; http does not redirect until it comes`,
      ...hintFields(hint`follow the request: ${command("cert")}`),
    };
  const again = nextTry === undefined ? "" : "; mypaas tries again by itself";
  return {
    kind: "warning",
    text: `${host} has no certificate, http does not redirect: ${reason ?? state}${again}`,
    ...hintFields(hintOf(info) ?? hint`request it again: ${command(`cert retry ${host}`)}`),
  };
}
