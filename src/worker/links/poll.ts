import type { Clock } from "../../deploy/ports.ts";
import { findLink, pinHostKey, readLinks, setSeen, type Link } from "../../adapters/state/links.ts";
import { pullHere, type HookParts } from "./hooks.ts";
import type { Fetcher } from "./fetch.ts";
import { troubleOf } from "./links.ts";

export interface PollParts extends HookParts {
  readonly clock: Clock;
  readonly fetcher: Pick<Fetcher, "look">;
}

const stepMs = 15_000;

/** Looks at the branches of links that want it, one after the other, until `signal` aborts; a new commit becomes a job. */
export async function pollLinks(parts: PollParts, signal: AbortSignal): Promise<void> {
  const { clock, state } = parts;
  const lookedAt = new Map<string, number>();
  while (!signal.aborted) {
    for (const link of readLinks(state)) {
      const { id, pollMs } = link;
      const last = lookedAt.get(id) ?? 0;
      if (pollMs === undefined || clock.now() - last < pollMs) continue;
      lookedAt.set(id, clock.now());
      // A forge that is away is asked again next time; a key that is gone is what `doctor` says.
      // oxlint-disable-next-line no-await-in-loop
      await lookOnce(parts, link, signal).catch(() => undefined);
    }
    // oxlint-disable-next-line no-await-in-loop
    await clock.sleep(stepMs, signal).catch(() => undefined);
  }
}

/** Begins a pull where the branch has another commit than at the last look. */
export async function lookOnce(parts: PollParts, link: Link, signal: AbortSignal): Promise<void> {
  const { state, fetcher } = parts;
  if (troubleOf(parts, link) !== undefined) return;
  const { commit, hostKey } = await fetcher.look(link, signal);
  // It may have been replaced meanwhile.
  if (commit === link.seen || findLink(state, link.service)?.id !== link.id) return;
  if (hostKey !== undefined) pinHostKey(state, link, hostKey);
  pullHere(parts, link, commit);
  setSeen(state, link, commit);
}
