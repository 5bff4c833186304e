import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { parse } from "yaml";
import { readRemotes } from "../src/adapters/laptop/remotes.ts";
import { findInstanceConfig } from "../src/adapters/host/instance-config.ts";
import * as certificates from "../src/adapters/state/certificates.ts";
import * as env from "../src/adapters/state/env.ts";
import * as jobChanges from "../src/adapters/state/job-changes.ts";
import * as jobs from "../src/adapters/state/jobs.ts";
import * as keys from "../src/adapters/state/keys.ts";
import * as log from "../src/adapters/state/log.ts";
import * as openPrograms from "../src/adapters/state/open-programs.ts";
import * as overview from "../src/adapters/state/overview.ts";
import * as registries from "../src/adapters/state/registries.ts";
import * as releases from "../src/adapters/state/releases.ts";
import { migrations } from "../src/adapters/state/schema.ts";
import * as services from "../src/adapters/state/services.ts";
import * as state from "../src/adapters/state/state.ts";
import { main } from "../src/cli/main.ts";
import * as changes from "../src/core/release/changes.ts";
import * as labels from "../src/core/routing/labels.ts";
import * as releaseRouting from "../src/core/routing/release-routing.ts";
import * as takeovers from "../src/core/routing/takeovers.ts";
import { saysTheSame, traefikStatic } from "../src/core/routing/traefik-static.ts";
import { parseReceiverConfig } from "../src/core/server/receiver-container.ts";
import { parseAuthorizedKeys } from "../src/core/ssh/authorized-keys.ts";
import type { Results } from "../src/core/actions/actions.ts";
import * as interrupted from "../src/worker/deploy/interrupted.ts";
import { jobInfos } from "../src/worker/status/listed-jobs.ts";
import { specDefaults } from "./support/releases.ts";
import { releasedFile, releasedState, releasedVersions } from "./support/released.ts";
import { seen, type Eyes } from "./support/seen.ts";
import { scratch } from "./support/worker.ts";
import { fakeWorld } from "./support/world.ts";

const eyes: Eyes = {
  readEnv: (from, service) =>
    Object.fromEntries(
      Object.entries(env.readValues(from, service)).map(([name, { value }]) => [name, value]),
    ),
  stagedEnv: (from, job) =>
    Object.fromEntries(
      Object.entries(jobChanges.valueChangesOfJob(from, job)).map(([name, one]) => [
        name,
        one?.value,
      ]),
    ),
  ownScale: services.scaleOverride,
  ...certificates,
  ...jobs,
  ...keys,
  ...log,
  ...openPrograms,
  ...overview,
  ...registries,
  ...releases,
  ...services,
  ...state,
  ...changes,
  ...labels,
  ...releaseRouting,
  ...takeovers,
  ...interrupted,
};

/** What the version itself found in its state when the fixture was made. */
interface Sight {
  readonly releases: readonly { readonly release: object; readonly state: string }[];
  readonly jobs: readonly {
    readonly id: number;
    readonly service: string;
    readonly state: string;
    readonly log: readonly { readonly kind: string }[];
  }[];
  readonly records: readonly { readonly phase: string; readonly trouble?: { kind?: string } }[];
  readonly interrupted: readonly { readonly switch: { readonly progress?: string } }[];
}

function sightOf(version: string, dir?: string): Sight {
  const sight = JSON.parse(releasedFile(version, "seen.json", dir)) as Sight;
  const records = sight.records.map(({ trouble, ...record }) => {
    // 6c3859f kept one word more, which no version has ever read.
    const { kind: _, ...read } = trouble ?? {};
    return { ...record, ...(trouble !== undefined && { trouble: read }) };
  });
  return withNewKeys({ ...sight, records }) as Sight;
}

const newKeys = JSON.parse(JSON.stringify(specDefaults)) as object;

/** What was seen, with the defaults of the Dockerfile keys that came later. */
function withNewKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withNewKeys);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([key, inner]) => [key, withNewKeys(inner)] as const);
  const isSpec = "stripPrefix" in value && "buildArgs" in value;
  return { ...(isSpec ? newKeys : {}), ...Object.fromEntries(entries) };
}

const kinds = (all: readonly string[]): readonly string[] => [...new Set(all)].toSorted();

for (const version of releasedVersions) {
  test(`jobs of ${version} are listed, without the time at which they began`, (t) => {
    const at = state.openState(releasedState(t, version).database);
    t.after(() => at.close());
    const listed = jobInfos({ state: at, now: Date.now }, {}, "root");
    assert.ok(listed.length > 0);
    assert.ok(listed.every(({ startedAt }) => startedAt === undefined));
  });

  test(`the state of ${version} holds everything that a state can hold`, () => {
    const sight = sightOf(version);
    assert.deepEqual(kinds(sight.jobs.map((job) => job.state)), [
      "cancelled",
      "done",
      "failed",
      "interrupted",
      "queued",
      "running",
      "superseded",
    ]);
    assert.deepEqual(kinds(sight.records.map(({ phase }) => phase)), [
      "asking",
      "failed",
      "issued",
      "own",
      "waiting",
    ]);
    assert.deepEqual(kinds(sight.releases.map((one) => one.state)), [
      "failed",
      "live",
      "retired",
      "starting",
      "stopped",
    ]);
    const said = sight.jobs.flatMap((job) => job.log.map(({ kind }) => kind));
    assert.deepEqual(kinds(said), [
      "build",
      "failed",
      "live",
      "output",
      "queued",
      "ready",
      "receipt",
      "removed",
      "step",
      "stopped",
      "superseded",
      "unchanged",
      "warning",
    ]);
  });

  test(`today's mypaas finds everything in a state of ${version}, and makes the same of it`, (t) => {
    const { dir, database } = releasedState(t, version);
    assert.deepEqual(seen(eyes, database), sightOf(version, dir));
    const raw = new DatabaseSync(database);
    const stored = raw.prepare("SELECT release FROM releases ORDER BY service, number DESC").all();
    assert.deepEqual(
      sightOf(version, dir).releases.map(({ release }) => release),
      stored.map(({ release }) => withNewKeys(JSON.parse(String(release)))),
    );
    const now = Number(raw.prepare("PRAGMA user_version").get()?.["user_version"]);
    raw.close();
    assert.equal(now, migrations.length);
  });

  test(`files of a server of ${version} are read as they are`, async (t) => {
    const { stateDir } = releasedState(t, version);
    const text = (name: string) => readFileSync(join(stateDir, name), "utf8");
    assert.deepEqual(await findInstanceConfig(stateDir), parse(text("config.yml")));
    assert.equal(
      parseReceiverConfig(text("receiver/receiver.json"), "receiver.json").server,
      (parse(text("config.yml")) as { readonly server: string }).server,
    );
    const { keys: enrolled } = parseAuthorizedKeys(text("receiver/authorized_keys"));
    assert.equal(enrolled.length, 4);
  });

  test(`the Traefik of a server of ${version} is configured as today, so it keeps running`, async (t) => {
    const { stateDir } = releasedState(t, version);
    const config = await findInstanceConfig(stateDir);
    assert.ok(config);
    const now = traefikStatic(readFileSync("traefik/traefik.yml", "utf8"), config);
    const before = readFileSync(join(stateDir, "traefik", "traefik.yml"), "utf8");
    assert.equal(saysTheSame(before, now), true);
  });

  test(`the remotes of a laptop of ${version} are read as they are`, async (t) => {
    const home = scratch(t);
    const json = releasedFile(version, "laptop/remotes.json");
    await mkdir(join(home, ".config", "mypaas"), { recursive: true });
    await writeFile(join(home, ".config", "mypaas", "remotes.json"), json);
    const remotes = await readRemotes({ env: {}, home });
    assert.deepEqual(
      remotes.map(({ name }) => name),
      ["prod", "other"],
    );
    const stored = JSON.parse(json) as {
      readonly remotes: readonly { readonly url: string; readonly fingerprint?: string }[];
    };
    for (const [at, { origin, server, pin, fingerprint }] of remotes.entries()) {
      const url = `${origin}#srv=${server}&pin=${String(pin)}`;
      assert.deepEqual(
        [url, fingerprint],
        [stored.remotes[at]?.url, stored.remotes[at]?.fingerprint],
      );
    }
  });

  test(`today's worker starts on a state of ${version}, answers, and loses nothing without an engine`, async (t) => {
    const { dir, stateDir, database } = releasedState(t, version);
    const before = sightOf(version, dir);
    const program = join(import.meta.dirname, "support", "worker-without-docker.ts");
    const worker = spawn(process.execPath, [program, stateDir], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    t.after(() => worker.kill("SIGKILL"));
    const ended = once(worker, "close");
    const ready = await Promise.race([once(worker.stdout, "data"), ended]);
    assert.equal(String(ready[0]), "ready\n");
    const ask = async (...args: readonly string[]) => {
      const world = fakeWorld({
        args: [...args, "--json"],
        env: { MYPAAS_RUN_DIR: join(dir, "run") },
        now: Date.now,
      });
      const code = await main(world, { worker: async () => undefined });
      assert.equal(code, 0, world.out() + world.err());
      return world
        .out()
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as object);
    };
    const answer = (await ask("releases")) as readonly Partial<Results["release.list"]>[];
    const listed = answer.flatMap(({ releases: all = [] }) => all);
    assert.equal(listed.length, before.releases.length, JSON.stringify(answer));
    for (const job of before.jobs.filter(({ state: was }) => was === "done" || was === "failed"))
      assert.deepEqual(await ask("logs", job.service, "--job", String(job.id)), job.log);
    worker.kill("SIGKILL");
    await ended;
    const after = seen(eyes, database) as Sight;
    assert.deepEqual(
      after.releases.map((one) => [one.release, one.state]),
      before.releases.map((one) => [one.release, one.state]),
    );
    assert.deepEqual(after.interrupted, before.interrupted);
  });
}
