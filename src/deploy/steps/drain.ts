import { drainTimeMs } from "../../core/release/spec.ts";
import type { SwitchContext } from "../switch-context.ts";
import { replicasOf } from "../replicas.ts";
import { messages } from "../messages.ts";
import { step } from "./step.ts";

const betweenChecksMs = 100;
/** A request may have been given to the old release just before the change and dial it only now. */
const quietChecks = 3;
/** A drain shorter than this is not worth a message. */
const quietForMs = 2_000;

/** Waits until no request to the old release is open any more, or the time for it is over. */
export async function drainOld(context: SwitchContext): Promise<void> {
  const { engine, from, clock, say, oldFirst, signal } = context;
  if (from?.port === undefined || from.spec.routes.length === 0) return;
  const { port } = from;
  const old = await replicasOf(context, from.number);
  const addresses = old.flatMap(({ address }) => (address ? [{ address, port }] : []));
  const timeoutMs = drainTimeMs(from.spec, oldFirst);
  await step(context, "drain", async () => {
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
        say(messages.draining(from, open));
      }
      await clock.sleep(betweenChecksMs, oldFirst ? signal : undefined);
    }
    if (open > 0) say(messages.cutOff(from, open));
  });
}
