import type { RouteSpec } from "../../core/release/spec.ts";
import { UserError } from "../../core/errors.ts";
import { releaseTag } from "../../core/routing/release-routing.ts";
import { expectCutOver } from "../expected.ts";
import { explain } from "../failures/explain.ts";
import { routingTimeoutMs } from "./hold.ts";
import { replicasOf } from "../replicas.ts";
import { messages, routeUrl } from "../messages.ts";
import type { RouteAnswer } from "../ports.ts";
import { step } from "./step.ts";
import type { SwitchContext } from "../switch-context.ts";
import { takeBack } from "./take-back.ts";
import { steadyMs, whileRunning } from "./while-running.ts";
import { command, hint } from "../../core/hints.ts";

const answerTimeoutMs = 10_000;

/** When a release began to answer, and its routes of which only an open port is known. */
export interface CutOver {
  readonly at: number;
  readonly unproven: readonly RouteSpec[];
}

/** Lets the new release answer; waits until Traefik says so, every route shows it and none of its replicas has ended. A deploy can be cancelled until just before. */
export async function cutOver(context: SwitchContext): Promise<CutOver> {
  const { engine, router, service, release, signal } = context;
  signal.throwIfAborted();
  let at = context.clock.now();
  let unproven: readonly RouteSpec[] = [];
  try {
    const replicas = await replicasOf(context, release.number);
    await step(context, "cut-over", async () => {
      if (context.someWait) await engine.lendName(release, "next");
      await engine.keepRunning(release);
      await whileRunning(context, replicas, async (over) => {
        if (!context.isRouted) return;
        await router.apply({ kind: "cut-over", service });
        await router.confirm(expectCutOver(context), routingTimeoutMs, over);
        unproven = await askRoutes(context, over);
        at = context.clock.now();
        // The first requests may be its end; the old release can still have the next ones.
        await context.clock.sleep(steadyMs, over);
      });
    });
  } catch (error) {
    // The log of a replica that has ended is read before the engine starts it again.
    const [cause] = await Promise.all([explain(context, error), takeBack(context)]);
    throw cause;
  }
  return { at, unproven };
}

/** Asks on every route; gives those on which nothing but an open port shows that the release works. */
async function askRoutes(context: SwitchContext, over: AbortSignal): Promise<readonly RouteSpec[]> {
  const { release, server, say } = context;
  const isChecked = release.spec.healthcheck !== undefined || release.imageHealthcheck;
  const asked = release.spec.routes.map(async (route) => {
    const answer = await awaitAnswer(context, route, over);
    const isProven = isChecked || (answer !== undefined && answer.status < 500);
    if (!isProven && answer !== undefined) say(messages.answersError(route, server, answer.status));
    return isProven ? [] : [route];
  });
  return (await Promise.all(asked)).flat();
}

/** An app may be slow to answer, which is no fault of the switch; an answer of another release is one. */
async function awaitAnswer(
  context: SwitchContext,
  route: RouteSpec,
  over: AbortSignal,
): Promise<RouteAnswer | undefined> {
  const { router, release, clock, server, say } = context;
  // Many servers that speak only gRPC fail at a HEAD, some of them for good.
  const method = release.spec.protocol === "h2c" ? ({ method: "GET" } as const) : {};
  const deadline = clock.now() + answerTimeoutMs;
  for (;;) {
    const { service } = release.spec;
    const answering = await router.answeringRelease({ ...route, ...method, service });
    if (answering?.release === releaseTag(release)) return answering;
    if (clock.now() >= deadline) {
      if (answering === undefined) {
        say(messages.unanswered(route, server));
        return undefined;
      }
      throw new UserError(
        `deploy ${release.spec.service}: ${routeUrl(route, server)} is still answered by ${answering.release}`,
        { hint: hint`push again: ${command("push")}` },
      );
    }
    await clock.sleep(100, over);
  }
}
