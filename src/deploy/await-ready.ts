import type { Release } from "../core/release/release.ts";
import { UserError } from "../core/errors.ts";
import { replicaCount } from "../core/release/spec.ts";
import { healthHost } from "../core/routing/labels.ts";
import { expectStarted } from "./expected.ts";
import { routingTimeoutMs } from "./hold.ts";
import type { ContainerFacts, ProbeTarget } from "./ports.ts";
import { judge } from "./readiness.ts";
import { replicasOf } from "./replicas.ts";
import { sentences } from "./sentences.ts";
import { step } from "./step.ts";
import type { Story } from "./story.ts";
import type { Trouble } from "./trouble.ts";
import { listeners, TroubleError } from "./trouble.ts";

const betweenLooksMs = 40;
const betweenNewsMs = 5_000;
const dialTimeoutMs = 1_000;

/** Returns when every replica of the new release has answered, and Traefik knows all of them. */
export async function awaitReady(story: Story): Promise<void> {
  const { router, release, signal } = story;
  await step(story, "ready", async () => {
    await awaitReplicas(story, release, signal);
    if (release.spec.routes.length > 0)
      await router.confirm(expectStarted(story), routingTimeoutMs);
    // Confirming takes a while, in which a replica may have fallen over.
    for (const facts of await allReplicas(story, release))
      if (facts.state !== "running") throw new TroubleError(facts, ended(facts, story.clock.now()));
  });
}

/** Asks all replicas side by side; the first that cannot come any more ends the wait for all. */
export async function awaitReplicas(
  story: Story,
  release: Release,
  signal: AbortSignal,
): Promise<void> {
  const replicas = await allReplicas(story, release);
  const failed = new AbortController();
  const either = AbortSignal.any([signal, failed.signal]);
  try {
    await Promise.all(replicas.map((facts) => awaitReplica(story, release, facts, either)));
  } finally {
    failed.abort();
  }
}

async function allReplicas(story: Story, release: Release): Promise<readonly ContainerFacts[]> {
  const found = await replicasOf(story, release.number);
  const wanted = replicaCount(release.spec.scale);
  if (found.length >= wanted) return found;
  throw new UserError(
    `deploy ${story.service}: ${found.length} of ${wanted} containers of release ${release.number} are there`,
    { hint: "push again: mypaas push" },
  );
}

async function awaitReplica(
  story: Story,
  release: Release,
  replica: ContainerFacts,
  signal: AbortSignal,
): Promise<void> {
  const { clock, engine, probe, say } = story;
  const begun = clock.now();
  let toldAt = begun;
  for (;;) {
    signal.throwIfAborted();
    const facts = await engine.inspectContainer(replica.id);
    const target = facts && probeTarget(release, facts);
    const answer = target && (await probe.ask(target));
    const now = clock.now();
    const elapsed = now - begun;
    switch (judge(release, { facts, answer, runningMs: elapsed })) {
      case "ready":
        say({ kind: "ready", replica: replica.replica, ms: elapsed });
        return;
      case "ended":
        throw new TroubleError(replica, facts ? ended(facts, now) : { kind: "removed" });
      case "waiting":
    }
    if (elapsed >= release.spec.startTimeoutMs)
      throw await lateness(story, replica, { afterMs: elapsed, answer, health: facts?.health });
    if (now - toldAt >= betweenNewsMs) {
      toldAt = now;
      say(sentences.stillWaiting(release, replica.replica, elapsed));
    }
    await clock.sleep(betweenLooksMs, signal);
  }
}

function probeTarget(
  { port, spec }: Release,
  { state, address }: ContainerFacts,
): ProbeTarget | undefined {
  if (port === undefined || state !== "running" || address === undefined) return undefined;
  const { healthcheck } = spec;
  if (healthcheck === undefined)
    return { address, port, http: undefined, timeoutMs: dialTimeoutMs };
  const http = { path: healthcheck.path, host: healthHost(spec) ?? address };
  return { address, port, http, timeoutMs: healthcheck.timeoutMs };
}

/** Looks into the container for what it does instead of answering. */
async function lateness(
  { connections, engine }: Story,
  replica: ContainerFacts,
  seen: Omit<Extract<Trouble, { kind: "late" }>, "kind" | "listening">,
): Promise<TroubleError> {
  const pid = (await engine.inspectContainer(replica.id))?.pid ?? 0;
  const sockets = (await connections.socketsOf(pid)) ?? [];
  return new TroubleError(replica, { kind: "late", ...seen, listening: listeners(sockets) });
}

function ended(facts: ContainerFacts, now: number): Trouble {
  const { error, exitCode, oomKilled, startedAt } = facts;
  if (error !== "") return { kind: "not-started", error };
  return { kind: "ended", exitCode, oomKilled, afterMs: Math.max(0, now - startedAt) };
}
