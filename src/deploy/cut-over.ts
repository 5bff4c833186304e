import type { RouteSpec } from "../core/release/spec.ts";
import { UserError } from "../core/errors.ts";
import { releaseTag } from "../core/routing/release-routing.ts";
import { nextName } from "../core/release/names.ts";
import { expectCutOver } from "./expected.ts";
import { holdAgain, routingTimeoutMs } from "./hold.ts";
import { replicasOf } from "./replicas.ts";
import { sentences, routeUrl } from "./sentences.ts";
import { step } from "./step.ts";
import type { Story } from "./story.ts";
import { steadyMs, whileRunning } from "./while-running.ts";

const answerTimeoutMs = 10_000;

/** Lets the new release answer, and tells since when; returns once Traefik says so, every route shows it and none of its replicas has ended. The last moment at which a deploy can be cancelled is just before. */
export async function cutOver(story: Story): Promise<number> {
  const { engine, router, service, release, signal } = story;
  const replicas = await replicasOf(story, release.number);
  signal.throwIfAborted();
  let at = story.clock.now();
  try {
    await step(story, "cut-over", async () => {
      const [first] = replicas;
      if (story.someWait && first !== undefined)
        await engine.renameContainer(first.id, nextName(release.instance, release.spec.slug));
      await Promise.all(replicas.map(({ id }) => engine.setRestartPolicy(id, "unless-stopped")));
      await whileRunning(story, replicas, async (over) => {
        if (!story.isRouted) return;
        await router.apply({ kind: "cut-over", service });
        await router.confirm(expectCutOver(story), routingTimeoutMs, over);
        await Promise.all(release.spec.routes.map((route) => seeAnswer(story, route, over)));
        at = story.clock.now();
        // The first requests may be its end; the old release can still have the next ones.
        await story.clock.sleep(steadyMs, over);
      });
    });
  } catch (error) {
    await holdAgain(story);
    throw error;
  }
  return at;
}

/** An app may be slow to answer for itself, which is no fault of the switch; another release answering is one. */
async function seeAnswer(story: Story, route: RouteSpec, over: AbortSignal): Promise<void> {
  const { router, release, clock, server } = story;
  const deadline = clock.now() + answerTimeoutMs;
  for (;;) {
    const who = await router.whoAnswers(route);
    if (who === releaseTag(release)) return;
    if (clock.now() >= deadline) {
      if (who === undefined) return story.say(sentences.unanswered(route, server));
      throw new UserError(
        `deploy ${release.spec.service}: ${routeUrl(route, server)} is still answered by ${who}`,
        { hint: "push again: mypaas push" },
      );
    }
    await clock.sleep(100, over);
  }
}
