import type { Release } from "../../core/release/release.ts";
import { drainTimeMs } from "../../core/release/spec.ts";
import type { SwitchContext } from "../switch-context.ts";
import { replicasOf } from "../replicas.ts";
import { messages } from "../messages.ts";
import { step } from "./step.ts";

const betweenChecksMs = 100;
/** A request may have been given to the release just before the change and dial it only now. */
const quietChecks = 3;
/** A drain shorter than this is not worth a message. */
const quietForMs = 2_000;

/** Waits until no request to the old release is open any more, or the time for it is over. */
export async function drainOld(context: SwitchContext): Promise<void> {
  const { from, oldFirst, signal } = context;
  if (from === undefined || !takesRequests(from)) return;
  const cancelled = oldFirst ? { signal } : {};
  await step(context, "drain", () =>
    awaitDrained(context, from, { requestsWait: oldFirst, ...cancelled }),
  );
}

/** The same for any release that gets no new requests, without a step; safe to repeat. */
export async function awaitDrained(
  { engine, service, clock, say }: Pick<SwitchContext, "engine" | "service" | "clock" | "say">,
  release: Release,
  { requestsWait, signal }: { readonly requestsWait: boolean; readonly signal?: AbortSignal },
): Promise<void> {
  if (!takesRequests(release)) return;
  const { port, spec, number } = release;
  const replicas = await replicasOf({ engine, service }, number);
  const addresses = replicas.flatMap(({ address }) => (address ? [{ address, port }] : []));
  const timeoutMs = drainTimeMs(spec, requestsWait);
  const begun = clock.now();
  let isSaid = false;
  let open = 0;
  for (let quiet = 0; quiet < quietChecks;) {
    // Those of Traefik alone: the other services may keep their own connections open for ever.
    const counts = await engine.openConnections(addresses);
    open = counts.reduce((sum, count) => sum + count, 0);
    quiet = open === 0 ? quiet + 1 : 0;
    const elapsed = clock.now() - begun;
    if (elapsed >= timeoutMs) break;
    if (open > 0 && !isSaid && elapsed >= quietForMs) {
      isSaid = true;
      say(messages.draining(release, open));
    }
    await clock.sleep(betweenChecksMs, signal);
  }
  if (open > 0) say(messages.cutOff(release, open));
}

const takesRequests = (release: Release): release is Release & { readonly port: number } =>
  release.port !== undefined && release.spec.routes.length > 0;
