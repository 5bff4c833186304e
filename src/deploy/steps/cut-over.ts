import type { RouteSpec } from "../../core/release/spec.ts";
import { UserError } from "../../core/errors.ts";
import { releaseTag } from "../../core/routing/release-routing.ts";
import { expectCutOver } from "../expected.ts";
import { holdAgain, routingTimeoutMs } from "./hold.ts";
import { replicasOf } from "../replicas.ts";
import { messages, routeUrl } from "../messages.ts";
import { step } from "./step.ts";
import type { SwitchContext } from "../switch-context.ts";
import { steadyMs, whileRunning } from "./while-running.ts";
import { command, hint } from "../../core/hints.ts";

const answerTimeoutMs = 10_000;

/** Lets the new release answer and returns the time at which it began; waits until Traefik says so, every route shows it and none of its replicas has ended. A deploy can be cancelled until just before. */
export async function cutOver(context: SwitchContext): Promise<number> {
  const { engine, router, service, release, signal } = context;
  const replicas = await replicasOf(context, release.number);
  signal.throwIfAborted();
  let at = context.clock.now();
  try {
    await step(context, "cut-over", async () => {
      if (context.someWait) await engine.lendName(release, "next");
      await engine.keepRunning(release);
      await whileRunning(context, replicas, async (over) => {
        if (!context.isRouted) return;
        await router.apply({ kind: "cut-over", service });
        await router.confirm(expectCutOver(context), routingTimeoutMs, over);
        await Promise.all(release.spec.routes.map((route) => awaitAnswer(context, route, over)));
        at = context.clock.now();
        // The first requests may be its end; the old release can still have the next ones.
        await context.clock.sleep(steadyMs, over);
      });
    });
  } catch (error) {
    await holdAgain(context);
    throw error;
  }
  return at;
}

/** An app may be slow to answer, which is no fault of the switch; an answer of another release is one. */
async function awaitAnswer(
  context: SwitchContext,
  route: RouteSpec,
  over: AbortSignal,
): Promise<void> {
  const { router, release, clock, server } = context;
  // Many servers that speak only gRPC fail at a HEAD, some of them for good.
  const method = release.spec.protocol === "h2c" ? "GET" : "HEAD";
  const deadline = clock.now() + answerTimeoutMs;
  for (;;) {
    const asked = { ...route, method, service: release.spec.service } as const;
    const answering = (await router.answeringRelease(asked))?.release;
    if (answering === releaseTag(release)) return;
    if (clock.now() >= deadline) {
      if (answering === undefined) return context.say(messages.unanswered(route, server));
      throw new UserError(
        `deploy ${release.spec.service}: ${routeUrl(route, server)} is still answered by ${answering}`,
        { hint: hint`push again: ${command("push")}` },
      );
    }
    await clock.sleep(100, over);
  }
}
