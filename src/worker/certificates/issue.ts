import { UserError } from "../../core/errors.ts";
import type { Served, Trouble } from "../../core/certificates/record.ts";
import { askingRouter } from "../../core/routing/server-routes.ts";
import type { Asking } from "../../core/routing/routing-state.ts";
import { dnsResolver, httpResolver } from "../../core/server/acme.ts";
import { atMost } from "./limit-concurrency.ts";
import type { CertificatePorts, Challenge } from "./ports.ts";
import { hintFields, hintOf } from "../../core/hints.ts";

/** How an attempt ended. */
export type Outcome = { readonly served: Served } | { readonly trouble: Trouble };

export interface Asker {
  /** Asks for one host and waits for the answer; rejects only when it is told to stop. */
  readonly ask: (host: string, challenge: Challenge, signal: AbortSignal) => Promise<Outcome>;
  /** Who should stand in the dynamic file now. */
  readonly open: () => readonly Asking[];
}

const confirmMs = 15_000;
const pollMs = 400;
/** A record in the DNS has to reach the servers that the CA asks. */
const patienceMs: Readonly<Record<Challenge, number>> = { http: 60_000, dns: 240_000 };

/**
 * Lets Traefik ask for certificates, once each. Traefik asks again at every change of its configuration while it sees a router that wants a
 * certificate, so the router stays only until Traefik has seen it: an order that was begun is finished without it, and none follows. One
 * host at a time, because the router of one would be a change to that of another.
 */
export function createAsker(
  ports: Pick<CertificatePorts, "clock" | "serve" | "confirm" | "look" | "refusal">,
): Asker {
  const { clock } = ports;
  const inTurn = atMost(1);
  let open: readonly Asking[] = [];

  const begin = async (asking: Asking, signal: AbortSignal): Promise<void> => {
    signal.throwIfAborted();
    open = [asking];
    try {
      await ports.serve({ asking: open });
      const routers = [`${askingRouter(asking.host)}@file`];
      await ports.confirm({ routers, gone: [], servers: {} }, confirmMs, signal);
    } finally {
      open = [];
      await ports.serve({ asking: open });
    }
  };

  const wait = async (
    host: string,
    challenge: Challenge,
    { begun, signal }: { readonly begun: number; readonly signal: AbortSignal },
  ): Promise<Outcome> => {
    for (;;) {
      const served = await ports.look(host);
      if (served?.isValid === true) return { served };
      const trouble = await ports.refusal(host, begun);
      if (trouble !== undefined) return { trouble };
      const ms = clock.now() - begun;
      if (ms > patienceMs[challenge]) return { trouble: silence(ms) };
      await clock.sleep(pollMs, signal);
    }
  };

  return {
    open: () => open,
    ask: async (host, challenge, signal) => {
      const resolver = challenge === "dns" ? dnsResolver : httpResolver;
      let begun = clock.now();
      try {
        await inTurn(() => {
          begun = clock.now();
          return begin({ host, resolver }, signal);
        });
        return await wait(host, challenge, { begun, signal });
      } catch (error) {
        signal.throwIfAborted();
        return { trouble: mishap(error) };
      }
    },
  };
}

/** Traefik that does not take the configuration, or a disk that does not take the file. */
function mishap(error: unknown): Trouble {
  const reason = error instanceof Error ? error.message : String(error);
  const hint = error instanceof UserError ? hintFields(hintOf(error)) : {};
  return { about: "this server", reason, ...hint };
}

const silence = (ms: number): Trouble => ({
  about: "no answer",
  isSilence: true,
  reason: `no certificate came within ${Math.round(ms / 1000)} s`,
  hint: "see what Traefik says, on the server: docker logs --since 10m mypaas-traefik",
});
