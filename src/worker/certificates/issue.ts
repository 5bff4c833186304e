import { atMost } from "../at-most.ts";
import { command, hint, hintFields, hintOf } from "../../core/hints.ts";
import { UserError } from "../../core/errors.ts";
import type { Served, Trouble } from "../../core/certificates/record.ts";
import { needsDns } from "../../core/release/server-refusals.ts";
import { certificateRouter } from "../../core/routing/server-routes.ts";
import type { CertificateRequest } from "../../core/routing/routing-state.ts";
import { dnsResolver, httpResolver } from "../../core/server/acme.ts";
import type { CertificatePorts, Challenge } from "./ports.ts";

/** The end of one request. */
type Outcome = { readonly served: Served } | { readonly trouble: Trouble };

type IssuerPorts = Pick<CertificatePorts, "clock" | "serve" | "confirm" | "probe" | "refusal">;

const confirmMs = 15_000;
const pollMs = 400;
/** A new DNS record takes time to reach the servers that the CA asks. */
const timeoutMs: Readonly<Record<Challenge, number>> = { http: 60_000, dns: 240_000 };

/**
 * Makes Traefik request certificates, once each. While Traefik sees a router that wants a certificate, it requests one at every change of
 * its configuration. So the router stays only until Traefik has seen it: the order then ends without it, and no second one follows. One
 * host at a time, because its router would be such a change for another host.
 */
export class Issuer {
  readonly #ports: IssuerPorts;
  readonly #inTurn = atMost(1);
  #open: readonly CertificateRequest[] = [];

  constructor(ports: IssuerPorts) {
    this.#ports = ports;
  }

  /** The requests whose router stands in the dynamic file now. */
  open(): readonly CertificateRequest[] {
    return this.#open;
  }

  /** Requests the certificate of one host and waits for it. Rejects only when the signal is aborted. */
  async issue(host: string, challenge: Challenge, signal: AbortSignal): Promise<Outcome> {
    const { clock } = this.#ports;
    const resolver = challenge === "dns" ? dnsResolver : httpResolver;
    let begun = clock.now();
    try {
      await this.#inTurn(() => {
        begun = clock.now();
        return this.#request({ host, resolver }, signal);
      });
      return await this.#outcome(host, { begun, timeoutMs: timeoutMs[challenge], signal });
    } catch (error) {
      signal.throwIfAborted();
      return { trouble: serverTrouble(error) };
    }
  }

  async #request(request: CertificateRequest, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    this.#open = [request];
    try {
      await this.#ports.serve({ certificateRequests: this.#open });
      const routers = [`${certificateRouter(request.host)}@file`];
      await this.#ports.confirm({ routers, gone: [], servers: {} }, confirmMs, signal);
    } finally {
      this.#open = [];
      await this.#ports.serve({ certificateRequests: this.#open });
    }
  }

  async #outcome(
    host: string,
    wait: { readonly begun: number; readonly timeoutMs: number; readonly signal: AbortSignal },
  ): Promise<Outcome> {
    const { clock, probe, refusal } = this.#ports;
    for (;;) {
      const served = await probe(host);
      if (served?.isValid === true) return { served };
      const trouble = await refusal(host, wait.begun);
      if (trouble !== undefined) return { trouble };
      const ms = clock.now() - wait.begun;
      if (ms > wait.timeoutMs) return { trouble: noAnswer(ms) };
      await clock.sleep(pollMs, wait.signal);
    }
  }
}

/** Traefik did not load the configuration, or the file could not be written. */
function serverTrouble(error: unknown): Trouble {
  const reason = error instanceof Error ? error.message : String(error);
  const way = error instanceof UserError ? hintOf(error) : undefined;
  return { about: "this server", reason, ...hintFields(way) };
}

const noAnswer = (ms: number): Trouble => ({
  about: "no answer",
  isSilence: true,
  reason: `no certificate came within ${Math.round(ms / 1000)} s`,
  hint: "read Traefik's log, on the server: docker logs --since 10m mypaas-traefik",
});

/** Chooses the challenge for a host: port 80 if it leads here, else DNS if a provider is configured. Returns a reason when neither works. */
export async function chooseChallenge(
  { challenges, preflight }: Pick<CertificatePorts, "challenges" | "preflight">,
  host: string,
): Promise<{ readonly challenge: Challenge } | { readonly trouble: Trouble }> {
  if (challenges === undefined) return { trouble: noEmail };
  const hasDns = challenges.includes("dns");
  if (host.startsWith("*.") && !hasDns) {
    const { message: reason, hint: wayOut } = needsDns(host);
    return { trouble: { about: "waiting for DNS-01", reason, hint: wayOut } };
  }
  let first: Trouble | undefined;
  for (const challenge of host.startsWith("*.") ? (["dns"] as const) : challenges) {
    const trouble = await preflight(host, challenge);
    if (trouble === undefined) return { challenge };
    first ??= trouble;
  }
  return { trouble: first ?? noEmail };
}

const noEmail: Trouble = {
  about: "no email address",
  reason: "no certificate is requested, because this server has no email address",
  ...hintFields(hint`run on the server: sudo ${command("init --email you@example.com")}`),
};
