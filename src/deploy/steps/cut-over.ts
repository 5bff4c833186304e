import type { RouteSpec } from "../../core/release/spec.ts";
import { UserError } from "../../core/errors.ts";
import { releaseTag } from "../../core/routing/release-routing.ts";
import { nextName } from "../../core/release/names.ts";
import { expectCutOver } from "../expected.ts";
import { holdAgain, routingTimeoutMs } from "./hold.ts";
import { replicasOf } from "../replicas.ts";
import { messages, routeUrl } from "../messages.ts";
import { step } from "./step.ts";
import type { SwitchContext } from "../switch-context.ts";
import { steadyMs, whileRunning } from "./while-running.ts";
import { command, hint } from "../../core/hints.ts";

const answerTimeoutMs = 10_000;

/** Lets the new release answer, and tells since when; returns once Traefik says so, every route shows it and none of its replicas has ended. The last moment at which a deploy can be cancelled is just before. */
export async function cutOver(context: SwitchContext): Promise<number> {
  const { engine, router, service, release, signal } = context;
  const replicas = await replicasOf(context, release.number);
  signal.throwIfAborted();
  let at = context.clock.now();
  try {
    await step(context, "cut-over", async () => {
      const [first] = replicas;
      if (context.someWait && first !== undefined)
        await engine.renameContainer(first.id, nextName(release.instance, release.spec.slug));
      await Promise.all(replicas.map(({ id }) => engine.setRestartPolicy(id, "unless-stopped")));
      await whileRunning(context, replicas, async (over) => {
        if (!context.isRouted) return;
        await router.apply({ kind: "cut-over", service });
        await router.confirm(expectCutOver(context), routingTimeoutMs, over);
        await Promise.all(release.spec.routes.map((route) => seeAnswer(context, route, over)));
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

/** An app may be slow to answer for itself, which is no fault of the switch; another release answering is one. */
async function seeAnswer(
  context: SwitchContext,
  route: RouteSpec,
  over: AbortSignal,
): Promise<void> {
  const { router, release, clock, server } = context;
  const deadline = clock.now() + answerTimeoutMs;
  for (;;) {
    const who = await router.whoAnswers(route);
    if (who === releaseTag(release)) return;
    if (clock.now() >= deadline) {
      if (who === undefined) return context.say(messages.unanswered(route, server));
      throw new UserError(
        `deploy ${release.spec.service}: ${routeUrl(route, server)} is still answered by ${who}`,
        { hint: hint`push again: ${command("push")}` },
      );
    }
    await clock.sleep(100, over);
  }
}
