import type { RouteSpec } from "../core/release/spec.ts";
import { UserError } from "../core/errors.ts";
import { releaseTag } from "../core/routing/release-routing.ts";
import { nextName } from "../core/release/names.ts";
import { expectCutOver } from "./expected.ts";
import { applyHold, routingTimeoutMs } from "./hold.ts";
import { replicasOf } from "./replicas.ts";
import { sentences, routeUrl } from "./sentences.ts";
import { step } from "./step.ts";
import type { Story } from "./story.ts";

const answerTimeoutMs = 10_000;

/** Lets the new release answer; returns once Traefik says so and every route shows it. The last moment at which a deploy can be cancelled is just before. */
export async function cutOver(story: Story): Promise<void> {
  const { engine, router, service, release, signal } = story;
  const replicas = await replicasOf(story, release.number);
  signal.throwIfAborted();
  try {
    await step(story, "cut-over", async () => {
      const [first] = replicas;
      if (story.someWait && first !== undefined)
        await engine.renameContainer(first.id, nextName(release.instance, release.spec.slug));
      await Promise.all(replicas.map(({ id }) => engine.setRestartPolicy(id, "unless-stopped")));
      if (!story.isRouted) return;
      await router.apply({ kind: "cut-over", service });
      await router.confirm(expectCutOver(story), routingTimeoutMs);
      await Promise.all(release.spec.routes.map((route) => seeAnswer(story, route)));
    });
  } catch (error) {
    // Requests go back to the hold before anyone takes the containers away.
    if (story.isRouted)
      await applyHold(story).catch((problem: unknown) =>
        story.say(sentences.leftOver("while undoing", problem)),
      );
    throw error;
  }
}

/** An app may be slow to answer for itself, which is no fault of the switch; another release answering is one. */
async function seeAnswer(story: Story, route: RouteSpec): Promise<void> {
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
    await clock.sleep(100);
  }
}
