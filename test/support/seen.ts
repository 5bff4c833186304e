import type * as certificates from "../../src/adapters/state/certificates.ts";
import type * as jobs from "../../src/adapters/state/jobs.ts";
import type * as keys from "../../src/adapters/state/keys.ts";
import type * as log from "../../src/adapters/state/log.ts";
import type * as openPrograms from "../../src/adapters/state/open-programs.ts";
import type * as overview from "../../src/adapters/state/overview.ts";
import type * as registries from "../../src/adapters/state/registries.ts";
import type * as releases from "../../src/adapters/state/releases.ts";
import type * as services from "../../src/adapters/state/services.ts";
import type * as state from "../../src/adapters/state/state.ts";
import type * as changes from "../../src/core/release/changes.ts";
import type * as labels from "../../src/core/routing/labels.ts";
import type * as releaseRouting from "../../src/core/routing/release-routing.ts";
import type * as takeovers from "../../src/core/routing/takeovers.ts";
import type * as interrupted from "../../src/worker/deploy/interrupted.ts";

type EnvChanges = Readonly<Record<string, string | undefined>>;

/** The functions of one version of mypaas that read its state, under the names of the first version. */
export type Eyes = Pick<typeof certificates, "readHostRecords" | "readOwnPairs"> &
  Pick<typeof jobs, "findJob" | "unfinishedJobs"> & {
    readonly readEnv: (at: state.State, service: string) => Readonly<Record<string, string>>;
    readonly stagedEnv: (at: state.State, job: number) => EnvChanges;
  } & Pick<typeof keys, "readKeyLines" | "lastUses"> &
  Pick<typeof log, "readLog"> &
  Pick<typeof openPrograms, "openPrograms"> &
  Pick<typeof overview, "overviews"> &
  Pick<typeof registries, "readRegistries"> &
  Pick<typeof releases, "allReleases" | "liveReleases" | "stoppedReleases" | "claimingReleases"> &
  Pick<typeof services, "serviceNames"> & {
    readonly ownScale: typeof services.scaleOverride;
  } & Pick<typeof state, "openState"> &
  Pick<typeof changes, "changesBetween"> &
  Pick<typeof labels, "traefikLabels"> &
  Pick<typeof releaseRouting, "releaseRouting"> &
  Pick<typeof takeovers, "ownRoutes"> &
  Pick<typeof interrupted, "interruptedSwitch" | "interruptedChanges">;

/** Everything that a version of mypaas finds in a database, and what it makes of it, as JSON. */
export function seen(eyes: Eyes, file: string): unknown {
  const state = eyes.openState(file);
  try {
    const all = eyes.allReleases(state);
    const names = eyes.serviceNames(state);
    const count = state.get("SELECT MAX(id) AS count FROM jobs")?.integer("count") ?? 0;
    const jobs = Array.from({ length: count }, (_, at) => eyes.findJob(state, at + 1)).filter(
      (job) => job !== undefined,
    );
    const found = {
      releases: all.map((one) => ({ ...one, ...routingOf(eyes, one.release) })),
      live: eyes.liveReleases(state).map(({ release }) => release.image),
      stopped: eyes.stoppedReleases(state).map(({ release }) => release.image),
      claiming: eyes.claimingReleases(state).map(({ release }) => release.image),
      changes: all.map(({ release }, at) => {
        const before = all[at + 1]?.release;
        const from = before?.spec.service === release.spec.service ? before : undefined;
        return eyes.changesBetween(from, release);
      }),
      jobs: jobs.map((job) => ({
        ...job,
        log: eyes.readLog(state, { job: job.id, from: 0, limit: 10_000 }),
        staged: eyes.stagedEnv(state, job.id),
      })),
      interrupted: eyes.unfinishedJobs(state).map((job) => ({
        job: job.id,
        switch: eyes.interruptedSwitch(state, job) ?? "not begun",
      })),
      routingChanges: eyes.interruptedChanges(state),
      services: names.map((service) => ({
        service,
        env: eyes.readEnv(state, service),
        scale: eyes.ownScale(state, service) ?? "of its Dockerfile",
      })),
      soon: eyes.readEnv(state, "soon"),
      overviews: eyes.overviews(state),
      records: eyes.readHostRecords(state),
      ownPairs: eyes.readOwnPairs(state),
      keys: eyes.readKeyLines(state),
      lastUses: [...eyes.lastUses(state)],
      registries: eyes.readRegistries(state),
      openPrograms: eyes.openPrograms(state),
    };
    return JSON.parse(JSON.stringify(found)) as unknown;
  } finally {
    state.close();
  }
}

type Release = Parameters<Eyes["releaseRouting"]>[0];

/** What Traefik is told of it, on a server where each host has its certificate. */
function routingOf(eyes: Eyes, release: Release) {
  const hosts = release.spec.routes.map(({ host }) => host);
  const server = { instance: "fixture", httpsPort: 443, secured: hosts, strict: hosts };
  return {
    routing: eyes.releaseRouting(release, server),
    labels: eyes.traefikLabels(release, server),
    ownRoutes: eyes.ownRoutes(release),
  };
}
