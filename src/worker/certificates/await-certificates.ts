import type { CertificateInfo } from "../../core/wire/results.ts";
import type { Say } from "../../core/wire/events.ts";
import type { Clock } from "../../deploy/ports.ts";
import type { CertificateManager } from "./manager.ts";
import { settledWithin } from "./ended-within.ts";
import { command, hint, hintFields, hintOf } from "../../core/hints.ts";

/** How long a deploy that is live waits for a certificate; most are there in a few seconds. */
const patienceMs = 10_000;
const quietMs = 1_000;

export interface SettleParts {
  readonly clock: Clock;
  readonly manager: Pick<CertificateManager, "checkNow">;
  readonly infos: () => readonly CertificateInfo[];
}

interface SettleVoice {
  readonly say: Say;
  readonly signal: AbortSignal;
  /** Those of the hosts that had no certificate when the deploy began. */
  readonly requestedEarly: readonly string[];
}

/** Says how the hosts of a deploy that went live stand: a certificate that came, and each that did not, with the way out. Never rejects: the service is live whatever comes of it. */
export async function settleCertificates(
  { clock, manager, infos }: SettleParts,
  hosts: readonly string[],
  { say, signal, requestedEarly }: SettleVoice,
): Promise<void> {
  const ofThese = () => infos().filter(({ host }) => hosts.includes(host));
  const names = ofThese()
    .filter(({ host, certificate }) => certificate === undefined || requestedEarly.includes(host))
    .map(({ host }) => host);
  if (names.length === 0) return;
  const work = manager.checkNow(names, "deploy");
  if (!(await settledWithin(clock, work, { ms: quietMs, signal })) && !signal.aborted) {
    const what = names.length === 1 ? "the certificate of" : "the certificates of";
    say({ kind: "step", text: `waiting for ${what} ${names.join(", ")}` });
    await settledWithin(clock, work, { ms: patienceMs - quietMs, signal });
  }
  for (const info of ofThese()) if (names.includes(info.host)) tell(info, say);
}

function tell(
  { host, state, certificate, reason, nextTry, ...more }: CertificateInfo,
  say: Say,
): void {
  if (certificate !== undefined)
    return say({ kind: "step", text: `${host} has a certificate of ${certificate.issuer}` });
  if (state === "asking")
    return say({
      kind: "warning",
      text: `${host} has no certificate yet; http does not redirect until it comes`,
      ...hintFields(hint`see how it goes: ${command("cert")}`),
    });
  const again = nextTry === undefined ? "" : "; it is tried again by itself";
  say({
    kind: "warning",
    text: `${host} has no certificate, http does not redirect: ${reason ?? state}${again}`,
    ...hintFields(hintOf(more) ?? hint`to ask at once: ${command(`cert retry ${host}`)}`),
  });
}
