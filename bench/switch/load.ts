import { startProber, type Prober } from "../../test/support/prober.ts";
import { loadPaths, releaseHeader } from "../../test/support/load-app.ts";

/** Requests a second. */
export const rate = 400;
/** What the app takes to listen after its program has begun. */
export const bootMs = 300;
export const appPort = 3000;

/** The whole mix at the whole rate to one host. */
export function startLoad(port: number, host: string): Prober {
  const where = { address: "127.0.0.1", port, host, ...loadPaths, releaseHeader };
  return startProber({ ...where, perSecond: rate, maxRequests: 2_000_000, timeoutMs: 60_000 });
}
