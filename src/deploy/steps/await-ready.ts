import type { Release } from "../../core/release/release.ts";
import type { Say } from "../../core/wire/events.ts";
import { UserError } from "../../core/errors.ts";
import { ofProcess, totalReplicas, web } from "../../core/release/processes.ts";
import { expectStarted } from "../expected.ts";
import { routingTimeoutMs } from "./hold.ts";
import { endedFailure, lateFailure } from "../failures/replica-failure.ts";
import type { Replica } from "../ports.ts";
import { checkReplica, readinessOf } from "./readiness.ts";
import { replicasOf } from "../replicas.ts";
import { step } from "./step.ts";
import type { SwitchContext } from "../switch-context.ts";
import { createWaitingNews, type WaitingNews } from "./waiting-news.ts";
import { steadyMs, whileRunning } from "./while-running.ts";
import { command, hint } from "../../core/hints.ts";

const betweenChecksMs = 40;

/** Returns when every replica of the new release has answered twice, a moment apart, and Traefik knows all of them. */
export async function awaitReady(context: SwitchContext): Promise<void> {
  const { router, release, clock, signal } = context;
  const begun = clock.now();
  const saysOnce = { ...context, say: readyOnce(context.say) };
  await step(context, "ready", async () => {
    do {
      await awaitReplicas(saysOnce, release, signal);
      const replicas = await allReplicas(context, release);
      await whileRunning(context, replicas, async (over) => {
        const either = AbortSignal.any([signal, over]);
        await Promise.all([
          release.spec.routes.length > 0 &&
            router.confirm(expectStarted(context), routingTimeoutMs, either),
          release.port !== undefined && clock.sleep(steadyMs, either),
        ]);
      });
    } while (!(await areStillReady(context, begun)));
  });
}

/** Says once for each replica that it is ready, however often it wavers. */
function readyOnce(say: Say): Say {
  const known = new Set<string>();
  return (event) => {
    if (event.kind === "ready") {
      const name = `${event.process ?? web} ${event.replica}`;
      if (known.has(name)) return;
      known.add(name);
    }
    say(event);
  };
}

/** A release may become unready again until its time is over; one that has ended has failed. */
async function areStillReady(context: SwitchContext, begun: number): Promise<boolean> {
  const { release, clock } = context;
  for (const replica of await allReplicas(context, release)) {
    const check = await checkReplica(context, release, replica);
    const afterMs = clock.now() - begun;
    const own = ofProcess(release, replica.process);
    const readiness = readinessOf(own, { ...check, runningMs: afterMs });
    if (readiness === "ready") continue;
    if (readiness === "ended") throw endedFailure(replica, check.replica, clock.now());
    if (afterMs < release.spec.startTimeoutMs) return false;
    throw await lateFailure(context, replica, { ...check, afterMs });
  }
  return true;
}

/** Checks all replicas side by side; the first that has failed ends the wait for all. `patient`, for a release that comes back: only `web` is waited for, and has until the start timeout when it is unhealthy. */
export async function awaitReplicas(
  context: SwitchContext,
  release: Release,
  signal: AbortSignal,
  patience: "patient" | "strict" = "strict",
): Promise<void> {
  const all = await allReplicas(context, release);
  const replicas = all.filter(({ process }) => patience === "strict" || process === web);
  const failed = new AbortController();
  const either = AbortSignal.any([signal, failed.signal]);
  const { saw, tell } = createWaitingNews(context, release);
  const telling = tell(either).catch(() => undefined);
  try {
    await Promise.all(
      replicas.map((one) =>
        awaitReplica({ ...context, saw }, release, one, { signal: either, patience }),
      ),
    );
  } finally {
    failed.abort();
    await telling;
  }
}

async function allReplicas(context: SwitchContext, release: Release): Promise<readonly Replica[]> {
  const found = await replicasOf(context, release.number);
  const wanted = totalReplicas(release.spec);
  if (found.length >= wanted) return found;
  throw new UserError(
    `deploy ${context.service}: ${found.length} of ${wanted} containers of release ${release.number} are there`,
    { hint: hint`push again: ${command("push")}` },
  );
}

async function awaitReplica(
  context: SwitchContext & Pick<WaitingNews, "saw">,
  release: Release,
  replica: Replica,
  { signal, patience }: { readonly signal: AbortSignal; readonly patience: "patient" | "strict" },
): Promise<void> {
  const { clock, say, saw } = context;
  const { process } = replica;
  const own = ofProcess(release, process);
  const begun = clock.now();
  for (;;) {
    signal.throwIfAborted();
    const check = await checkReplica(context, release, replica);
    const now = clock.now();
    const elapsed = now - begun;
    switch (readinessOf(own, { ...check, runningMs: elapsed })) {
      case "ready":
        saw(replica, undefined);
        say({
          kind: "ready",
          ...(process !== web && { process }),
          replica: replica.replica,
          ms: elapsed,
        });
        return;
      case "ended":
        throw endedFailure(replica, check.replica, now);
      case "unhealthy":
        if (patience === "strict")
          throw await lateFailure(context, replica, { ...check, afterMs: elapsed });
        break;
      case "waiting":
    }
    if (elapsed >= release.spec.startTimeoutMs)
      throw await lateFailure(context, replica, { ...check, afterMs: elapsed });
    saw(replica, check);
    await clock.sleep(betweenChecksMs, signal);
  }
}
