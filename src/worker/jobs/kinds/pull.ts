import { createReadStream } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { UserError } from "../../../core/errors.ts";
import { command, hint } from "../../../core/hints.ts";
import type { ActionOf } from "../../../core/actions/actions.ts";
import type { MadeDockerfile } from "../../../core/generate/generate.ts";
import { madeEvents } from "../../../core/generate/made.ts";
import type { PushManifest } from "../../../core/actions/push.ts";
import { dockerfilesOf } from "../../../core/push/archive-context.ts";
import { filesOf } from "../../../core/push/older-servers.ts";
import { shownPath } from "../../../core/push/manifest.ts";
import { instancePaths } from "../../../core/server/instance.ts";
import { authorise, type Caller } from "../../../core/wire/permissions.ts";
import { readOrMakeContext } from "../../../adapters/archive/archive-context.ts";
import { recordBlobs } from "../../../adapters/state/blobs.ts";
import { findLink, setSeen, type Link } from "../../../adapters/state/links.ts";
import type { State } from "../../../adapters/state/state.ts";
import { blobsOf } from "../../../sources/push.ts";
import { commitGaps } from "../../deploy/commit-gaps.ts";
import { makeLive } from "../../deploy/deploy-job.ts";
import { wentLive } from "../../deploy/interrupted.ts";
import { callerOfLink, noLink } from "../../links/links.ts";
import type { FetchedCommit } from "../../links/fetch.ts";
import type { JobKind, JobRun } from "../job-kind.ts";
import { reconcile } from "../resume.ts";
import { desiredByPush } from "./push.ts";

type Pull = ActionOf<"pull">;

/** A release out of a linked repository. */
export const pull: JobKind<Pull> = {
  verb: "deploy",
  again: ({ service }) => hint`pull again: ${command(`pull ${service}`)}`,
  // The newest commit holds everything that an older one does.
  supersedes: true,
  acceptance: { isFirst: true, joins: false, withoutJob: refuseWithoutLink },
  perform: async (run, action) => {
    const link = findLink(run.state, action.service);
    if (link === undefined) throw noLink(action.service);
    // What is in the repository is worth what the key is worth that chose it.
    const caller: Caller = callerOfLink(run.state, link);
    authorise(caller, action, run.clock.now());
    const push = await taking(run, (folder) => takeCommit(run, { action, link, folder }));
    const asked = { action: "push", service: action.service, push } as const;
    return makeLive({ ...run, caller }, await desiredByPush(run, asked));
  },
  recovery: { resume: reconcile, outcome: wentLive },
};

function refuseWithoutLink(state: State, { service }: Pull): undefined {
  if (findLink(state, service) === undefined) throw noLink(service);
}

/** Gives a folder that is gone afterwards; what a worker left that was killed goes with the next one. */
async function taking<T>(run: JobRun, use: (folder: string) => Promise<T>): Promise<T> {
  const all = instancePaths(run.config).linkTaking;
  await mkdir(all, { recursive: true, mode: 0o700 });
  const folder = await mkdtemp(join(all, "pull-"));
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface Taking {
  readonly action: Pull;
  readonly link: Link;
  readonly folder: string;
}

/** Fetches the commit, and keeps its files as those of a push. */
async function takeCommit(run: JobRun, { action, link, folder }: Taking): Promise<PushManifest> {
  const { state, store, say, signal } = run;
  const { service, commit } = action;
  say({ kind: "step", text: `fetching ${link.url} ${commit?.slice(0, 7) ?? link.branch} …` });
  const fetched = await run.fetcher.fetch({ link, commit, into: folder, signal });
  const push = await manifestOf(run, { link, fetched, folder });
  const blobs = blobsOf(push);
  await store.refuseWhenFull(blobs.reduce((sum, { size }) => sum + size, 0));
  for (const blob of blobs) {
    signal.throwIfAborted();
    await store.put(blob, createReadStream(join(folder, blob.sha256)));
  }
  recordBlobs(state, service, run.job.id, blobs);
  if (commit === undefined) setSeen(state, link, fetched.commit);
  return push;
}

/** What a push of the same folder would send: `.dockerignore` counts here too. */
async function manifestOf(
  { say }: JobRun,
  { link, fetched, folder }: Omit<Taking, "action"> & { readonly fetched: FetchedCommit },
): Promise<PushManifest> {
  const { service: called, branch, dockerfile: path } = link;
  const { commit, subject } = fetched;
  const name = `${link.url} ${branch} ${commit.slice(0, 7)}`;
  const onMade = (made: MadeDockerfile) => madeEvents(made).forEach(say);
  const way = { path, name, called, onMade, hint: writeOne };
  const chosen = await readOrMakeContext(fetched, folder, way);
  if (chosen === undefined) throw noDockerfile(link, name, fetched);
  for (const gap of await commitGaps(fetched, chosen, folder)) say(gap);
  return {
    ...filesOf(chosen),
    options: {
      pull: false,
      noCache: false,
      fillIn: true,
      from: { kind: "link", commit, branch, ...(subject !== "" && { subject }) },
    },
  };
}

const writeOne = "add a Dockerfile to the repository, and push it there";

function noDockerfile(
  { service, url, branch, dockerfile }: Link,
  name: string,
  fetched: FetchedCommit,
): UserError {
  const [near] = dockerfilesOf(fetched);
  return new UserError(`${name}: no ${shownPath(dockerfile)} in it`, {
    code: "no-dockerfile",
    hint:
      near === undefined
        ? writeOne
        : hint`name the one that is there: ${command(`link ${service} ${url}#${branch} --dockerfile ${near}`)}`,
  });
}
