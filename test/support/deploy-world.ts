import { createHash } from "node:crypto";
import { mkdirSync } from "node:fs";
import type { TestContext } from "node:test";
import { UserError } from "../../src/core/errors.ts";
import { createNameHandovers } from "../../src/deploy/name-handover.ts";
import { isDone } from "../../src/core/wire/event-roles.ts";
import type { Event } from "../../src/core/wire/events.ts";
import type { JobAction } from "../../src/core/actions/actions.ts";
import type { AnonymousVolume, Engine, ImageFacts, Replica } from "../../src/deploy/ports.ts";
import { openBlobStore } from "../../src/adapters/host/blob-store.ts";
import { beginJob, insertJob } from "../../src/adapters/state/jobs.ts";
import { insertRequest } from "../../src/adapters/state/requests.ts";
import type { DeployTools } from "../../src/worker/deploy/deploy-context.ts";
import { kindOf, queuedKinds } from "../../src/worker/jobs/job-kinds.ts";
import { scratch, scratchState, testConfig } from "./worker.ts";

/** A worker whose Docker is a list of images and whose deploys succeed. */
const notAsked = () => Promise.reject(new Error("no link is here"));

export function deployWorld(t: TestContext) {
  const dir = scratch(t);
  mkdirSync(`${dir}/home`);
  const state = scratchState(t);
  const store = openBlobStore({ dir: `${dir}/blobs`, freeBytes: () => Promise.resolve(1e12) });
  const images = new Map<string, ImageFacts>();
  const running: { release: number; state: "running" }[] = [];
  const done: string[] = [];
  const volumes: string[] = [];
  const made = new Set<string>();
  const anonymous: AnonymousVolume[] = [];
  const declares = { volumes: [] as readonly string[], user: "" };
  let isTraefikAway = false;
  const engine: Partial<Engine> = {
    inspectImage: (reference) => Promise.resolve(images.get(reference)),
    replicas: () => Promise.resolve(running as unknown as readonly Replica[]),
    releases: () => Promise.resolve(running.map(({ release }) => release)),
    hasVolume: async (name) => made.has(name),
    ensureVolume: async (name, _service, of) => {
      made.add(name);
      const { uid } = of?.owner ?? {};
      done.push(`volume ${name}${uid === undefined ? "" : ` of ${uid}`}`);
    },
    anonymousVolumes: async () => anonymous,
    imageUser: async (_image, user) => {
      const uid = { "": 0, node: 1000 }[user];
      return uid === undefined ? undefined : { uid, gid: uid };
    },
    builtImages: async (name) =>
      [...images.keys()].filter((tag) => tag.startsWith(`mypaas/${name}:`)),
    removeImage: async (reference) => void done.push(`remove ${reference}`),
    openConnections: async (addresses) => addresses.map(() => 0),
    remove: async (_release, graceMs) => {
      if (graceMs !== undefined) done.push("stop");
      done.push("remove container");
      running.length = 0;
    },
    removeOneOffs: async (service) => void done.push(`remove one-offs of ${service}`),
    listVolumes: () => Promise.resolve(volumes),
    removeVolume: async (name) => void done.push(`remove volume ${name}`),
  };
  const tools = {
    engine,
    router: {
      apply: async ({ kind }: { kind: string }) => void done.push(`routes ${kind}`),
      confirm: async () => {
        if (isTraefikAway) throw new UserError("traefik: away");
      },
    },
    nameHandovers: createNameHandovers(),
    builder: {
      build: async ({
        tag,
        dockerfile,
        context,
      }: {
        tag: string;
        dockerfile: string;
        context: readonly unknown[];
      }) => {
        done.push(`build ${tag} ${dockerfile} ${context.length}`);
        const facts = {
          id: `sha256:${tag}`,
          exposed: [3000],
          hasHealthcheck: false,
          hasLauncher: false,
          ...declares,
          routingLabels: [],
        };
        images.set(tag, facts);
        return Promise.resolve(facts);
      },
    },
    deploy: async (...[input, ports]: Parameters<DeployTools["deploy"]>) => {
      const { number, spec } = input.release;
      done.push(`deploy ${number} from ${input.from?.number}`);
      ports.journal.intent("hold", {});
      running.splice(0, running.length, { release: number, state: "running" });
      ports.say({ kind: "live", service: spec.service, release: number, urls: [], ms: 1 });
      return Promise.resolve(input.release);
    },
  } as unknown as DeployTools;
  const allow: string[] = [];
  let requests = 0;
  const settled: string[] = [];
  let slept = (_ms: number): void => {};
  const onSleep = (then: (ms: number) => void) => void (slept = then);
  const run = async (
    text: string,
    service = "web",
    options = { pull: false, noCache: false },
    key = "root",
  ) => {
    const sha256 = createHash("sha256").update(text).digest("hex");
    const size = Buffer.byteLength(text);
    await store.put(
      { sha256, size },
      (async function* bytes() {
        yield Buffer.from(text);
      })(),
    );
    const entries = [{ path: "Dockerfile", mode: 0o644, size, sha256 }];
    const push = { dockerfile: "Dockerfile", entries, options };
    return perform({ action: "push", service, push }, key);
  };
  const perform = async (
    action: JobAction,
    key = "root",
    before: (job: number) => void = () => undefined,
  ) => {
    requests += 1;
    const { service } = action;
    const body = {
      v: 1,
      server: "local",
      created: 1,
      nonce: "0".repeat(32),
      tokenHash: "0".repeat(64),
      ...action,
    };
    const request = String(requests);
    insertRequest(
      state,
      {
        id: request,
        action: action.action,
        service,
        key,
        accepted: 1,
        expires: 9e15,
        tokenHash: "h",
        content: "c",
        job: undefined,
      },
      Buffer.from(JSON.stringify(body)),
    );
    const job = insertJob(state, { service, request, key, action: action.action, content: "c" }, 1);
    kindOf(action).acceptance?.prepare?.(state, job.id, action);
    beginJob(state, job.id, 0);
    before(job.id);
    const events: Event[] = [];
    const clock = { now: () => 1, sleep: async (ms: number) => slept(ms) };
    const parts = {
      state,
      store,
      config: testConfig(dir, { volumes: { allow } }),
      clock,
      tools: () => Promise.resolve(tools),
      traefikEvents: { waitUntilSubscribed: async () => {} },
      fetcher: { fetch: notAsked },
      certificates: {
        requestEarly: () => Promise.resolve([]),
        report: async (hosts: readonly string[]) => void settled.push(hosts.join(" ")),
      },
    };
    const { perform: performJob } = queuedKinds(parts)(action.action);
    const { signal } = new AbortController();
    const outcome = await performJob(job, (event) => events.push(event), signal);
    return events.some(isDone) ? events : [...events, outcome];
  };
  const rollBack = (release?: number) =>
    perform({ action: "rollback", service: "web", ...(release !== undefined && { release }) });
  const loseTraefik = (isAway: boolean) => void (isTraefikAway = isAway);
  return {
    dir,
    /** Hosts whose certificates were looked after at the end of each job. */
    settled,
    state,
    run,
    perform,
    rollBack,
    volumes,
    /** What the engine has of volumes by name. */
    made,
    /** What replicas of an earlier version have. */
    anonymous,
    /** What the next image declares. */
    declares,
    loseTraefik,
    done,
    images,
    running,
    tools,
    onSleep,
    allow,
  };
}
