import { createReadStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { hint } from "../../core/hints.ts";
import { UserError } from "../../core/errors.ts";
import type { PushManifest } from "../../core/actions/push.ts";
import { madeEvents } from "../../core/generate/made.ts";
import { dockerfilesOf } from "../../core/push/archive-context.ts";
import type { Event } from "../../core/wire/events.ts";
import type { Taken } from "../../adapters/archive/taken.ts";
import { didYouMean } from "../../core/dockerfile/did-you-mean.ts";
import { commitOf } from "../../core/push/from.ts";
import { filesOf } from "../../core/push/older-servers.ts";
import { plainText } from "../../core/terminal-text.ts";
import { plainTheme, renderEvent } from "../../core/wire/event-text.ts";
import { readOrMakeContext } from "../../adapters/archive/archive-context.ts";
import { takeTar } from "../../adapters/archive/take-tar.ts";
import type { BlobStore } from "../../adapters/host/blob-store.ts";
import { followPush, pushHere, type PushHereParts } from "../accept/push-here.ts";
import { commitGaps } from "../deploy/commit-gaps.ts";
import { readPush, type CommitPush } from "./pushed-refs.ts";
import type { HookLine } from "./receive-pack.ts";
import { textOf, type GitLine } from "./sessions.ts";

export interface DeployCommitParts {
  readonly push: PushHereParts;
  readonly store: Pick<BlobStore, "put">;
  /** Folder for the files of a commit on their way into the store. */
  readonly taking: string;
  readonly onBug: (error: unknown) => void;
}

/** Deploys what a hook names, and says how it goes; true when it is live. */
export async function deployCommit(
  parts: DeployCommitParts,
  hook: HookLine,
  line: Pick<GitLine, "key" | "service">,
): Promise<boolean> {
  const say = (text: string) => {
    for (const one of text.split("\n")) hook.say(plainText(one));
  };
  const asked = readPush(hook.pushed);
  if (typeof asked === "string") {
    say(`error: ${asked}`);
    return false;
  }
  const folder = await mkdtemp(join(parts.taking, "git-"));
  try {
    const push = await takeCommit(asked, { hook, folder, say, service: line.service });
    const begun = await pushHere(parts.push, {
      ...line,
      push,
      take: (wanted) => parts.store.put(wanted, createReadStream(join(folder, wanted.sha256))),
    });
    const end = await followPush(begun, new AbortController().signal, say);
    return end.isLive;
  } catch (error) {
    if (hook.signal.aborted) return false;
    if (!(error instanceof UserError)) parts.onBug(error);
    say(textOf(error));
    return false;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface Taking {
  readonly hook: HookLine;
  readonly folder: string;
  readonly service: string;
  readonly say: (text: string) => void;
}

/** The manifest of a commit, with the bytes of its files in the folder. */
async function takeCommit(
  { commit, branch, dockerfile = "Dockerfile", pull, noCache }: CommitPush,
  { hook, folder, say, service }: Taking,
): Promise<PushManifest> {
  const { facts, tar } = await hook.files(commit);
  const taken = await takeTar(tar, folder, { name: "commit" });
  const tell = (event: Event) => say(renderEvent(event, plainTheme));
  const chosen = await readOrMakeContext(taken, folder, {
    path: dockerfile,
    name: `commit ${commit.slice(0, 7)}`,
    called: service,
    hint: writeOne,
    onMade: (made) => madeEvents(made).forEach(tell),
  });
  if (chosen === undefined) throw noDockerfile(dockerfile, taken);
  for (const gap of await commitGaps(taken, chosen, folder)) tell(gap);
  const subject = plainText(facts.subject);
  return {
    ...filesOf(chosen),
    options: {
      pull,
      noCache,
      fillIn: true,
      from: { kind: "git", ...commitOf({ commit, branch, subject, isDirty: false }) },
    },
  };
}

const writeOne = "add a Dockerfile at the top of the repository, and commit it";

function noDockerfile(dockerfile: string, taken: Taken): UserError {
  const names = dockerfilesOf(taken);
  const near = didYouMean(dockerfile, names) ?? names[0];
  return new UserError(`${plainText(dockerfile)}: not in this commit`, {
    code: "no-dockerfile",
    hint:
      near === undefined
        ? writeOne
        : hint`name the one that is there: git push -o dockerfile=${near} REMOTE main`,
  });
}
