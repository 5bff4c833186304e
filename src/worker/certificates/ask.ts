import { UserError } from "../../core/errors.ts";
import type { Served, Trouble } from "../../core/certificates/record.ts";
import { askingRouter } from "../../core/routing/dynamic-config.ts";
import type { Asking } from "../../core/routing/routing-state.ts";
import { dnsResolver, httpResolver } from "../../core/server/acme.ts";
import type { CertificatePorts, Challenge } from "./ports.ts";

/** How an attempt ended. */
export type Outcome = { readonly served: Served } | { readonly trouble: Trouble };

const confirmMs = 15_000;
const pollMs = 400;
/** A record in the DNS has to reach the servers that the CA asks. */
const patienceMs: Readonly<Record<Challenge, number>> = { http: 60_000, dns: 240_000 };

/**
 * Lets Traefik ask for certificates, once each. Traefik asks again at every change of its configuration while it sees a router that wants a
 * certificate, so the router stays only until Traefik has seen it: an order that was begun is finished without it, and none follows.
 */
export function createAsker(ports: CertificatePorts) {
  const open = new Map<string, Asking>();
  const serve = () => ports.serve({ asking: [...open.values()] });

  const begin = async (host: string, challenge: Challenge, signal: AbortSignal): Promise<void> => {
    const resolver = challenge === "dns" ? dnsResolver : httpResolver;
    open.set(host, { host, resolver });
    try {
      await serve();
      const routers = [`${askingRouter(host)}@file`];
      await ports.confirm({ routers, gone: [], servers: {} }, confirmMs, signal);
    } finally {
      open.delete(host);
      await serve();
    }
  };

  return async (host: string, challenge: Challenge, signal: AbortSignal): Promise<Outcome> => {
    const { clock } = ports;
    const begun = clock.now();
    try {
      await begin(host, challenge, signal);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      const { message, hint } = error;
      return {
        trouble: { about: "Traefik", reason: message, ...(hint !== undefined && { hint }) },
      };
    }
    for (;;) {
      // oxlint-disable-next-line no-await-in-loop
      const served = await ports.look(host);
      if (served?.isValid === true) return { served };
      // oxlint-disable-next-line no-await-in-loop
      const trouble = await ports.refusal(host, begun);
      if (trouble !== undefined) return { trouble };
      const ms = clock.now() - begun;
      if (ms > patienceMs[challenge]) return { trouble: silence(ms) };
      // oxlint-disable-next-line no-await-in-loop
      await clock.sleep(pollMs, signal);
    }
  };
}

const silence = (ms: number): Trouble => ({
  about: "no answer",
  reason: `no certificate came within ${Math.round(ms / 1000)} s`,
  hint: "see what Traefik says: docker logs CONTAINER on the server",
});
