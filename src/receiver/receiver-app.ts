import type { Hono } from "hono";
import type { Spool } from "../adapters/spool/spool.ts";
import { wireApp } from "../adapters/wire/app.ts";
import { hashToken } from "../core/wire/request.ts";
import type { WantedBlob } from "../core/wire/protocol.ts";
import type { Backend } from "../core/wire/routes.ts";
import type { Clock } from "../deploy/ports.ts";
import type { Gate } from "./gate.ts";
import { createWantedCache } from "./wanted-cache.ts";

export interface ReceiverParts {
  readonly gate: Gate;
  /** The worker. */
  readonly upstream: Backend;
  readonly spool: Spool;
  readonly clock: Clock;
  readonly onBug: (error: unknown) => void;
}

/** The receiver as a function from request to answer: it checks signatures, keeps uploads and passes the same bytes on. */
export function receiverApp({ gate, upstream, spool, clock, onBug }: ReceiverParts): Hono {
  const cache = createWantedCache();

  const backend: Backend = {
    ...upstream,
    accept: async (body, signature) => {
      const { tokenHash } = await gate.check(body, signature);
      const accepted = await upstream.accept(body, signature);
      if (accepted.job === undefined && accepted.missing.length > 0)
        cache.remember(accepted.request, tokenHash, accepted.missing);
      return accepted;
    },
    start: async (request, token) => {
      const accepted = await upstream.start(request, token);
      if (accepted.job !== undefined) cache.forget(request);
      return accepted;
    },
  };

  const wanted = async (request: string, token: string): Promise<readonly WantedBlob[]> => {
    const known = cache.find(request, token);
    if (known) return known;
    const { missing } = await upstream.status(request, token);
    cache.remember(request, hashToken(token), missing);
    return missing;
  };

  const { admit } = gate;
  return wireApp({ backend, spool, requireSignature: true, clock, onBug, admit, wanted });
}
