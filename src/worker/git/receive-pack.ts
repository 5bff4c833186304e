import { once } from "node:events";
import { chmod, chown, mkdir, rm } from "node:fs/promises";
import { createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { UserError } from "../../core/errors.ts";
import { bindMount, nodeMounts } from "../../core/server/infra.ts";
import { jailUid } from "../../core/server/uids.ts";
import type { NodeFiles } from "../../core/server/receiver-container.ts";
import type { Jail } from "../../adapters/engines/docker/jail.ts";
import { gitJailPaths } from "../../adapters/host/git-image.ts";
import { firstLine } from "./lines.ts";
import { readHookLine, type CommitFacts, type PushedRefs } from "./pushed-refs.ts";
import type { GitLine } from "./sessions.ts";

/** Runs one push to its end; returns the exit code of git. */
export type ReceivePack = (line: GitLine, stopped: AbortSignal) => Promise<number>;

export interface ReceivePackParts {
  readonly random: (bytes: number) => Buffer;
  readonly jail: Jail;
  /** Makes the image of the jail where it is not there; returns its reference. */
  readonly image: () => Promise<string>;
  readonly node: () => Promise<NodeFiles>;
  /** The bare repositories, one of each service. */
  readonly repositories: string;
  /** Sockets of the hooks. */
  readonly hooks: string;
  /** Throws UserError when the disk is nearly full. */
  readonly refuseWhenFull: (bytes: number) => Promise<void>;
  /** The commit that is live of a service, if it is of one. */
  readonly liveCommit: (service: string) => string | undefined;
  readonly onPushed: (hook: HookLine, line: GitLine) => Promise<boolean>;
  readonly onBug: (error: unknown) => void;
}

/** The worker's end of a pre-receive hook, which runs in the jail: nothing that it says is believed. */
export interface HookLine {
  readonly pushed: PushedRefs;
  readonly say: (line: string) => void;
  /** Asks for the files of a commit, which come as a tar. */
  readonly files: (commit: string) => Promise<CommitFiles>;
  /** Aborted when the hook is gone. */
  readonly signal: AbortSignal;
}

export interface CommitFiles {
  readonly facts: CommitFacts;
  readonly tar: AsyncIterable<Uint8Array>;
}

/** The largest pack; what it holds may be larger. */
const maxInputBytes = 512 * 1024 * 1024;
/** Time in which a client must send something, until its push has arrived. */
const silenceMs = 5 * 60_000;
const longestMs = 2 * 60 * 60_000;

/** Serves pushes of git in the jail, each in a container of its own. */
export function createReceivePack(parts: ReceivePackParts): ReceivePack {
  return async (line, stopped) => {
    await parts.refuseWhenFull(maxInputBytes);
    const image = await parts.image();
    const repository = join(parts.repositories, `${line.service}.git`);
    await mkdir(repository, { recursive: true, mode: 0o700 });
    await chown(repository, jailUid, jailUid);
    const session = join(parts.hooks, parts.random(6).toString("hex"));
    const ending = new AbortController();
    const signal = AbortSignal.any([stopped, ending.signal, AbortSignal.timeout(longestMs)]);
    const silence = setTimeout(() => ending.abort(), silenceMs);
    const hook = await listenForHook(session, parts, line, () => clearTimeout(silence));
    try {
      const live = parts.liveCommit(line.service);
      const order = { maxInputBytes, ...(live !== undefined && { live }) };
      const node = await parts.node();
      const jailed = await parts.jail.run(
        {
          name: `git-${line.service}`,
          image,
          command: [gitJailPaths.node, gitJailPaths.program, "receive", JSON.stringify(order)],
          env: {
            PATH: "/usr/bin",
            HOME: "/tmp",
            LC_ALL: "C",
            GIT_CONFIG_NOSYSTEM: "1",
            ...(line.protocol !== "" && { GIT_PROTOCOL: line.protocol }),
          },
          mounts: [
            bindMount(repository, "/repo", false),
            bindMount(session, "/session"),
            ...nodeMounts(node),
          ],
        },
        signal,
      );
      void feed(line.socket, jailed, () => silence.refresh()).catch(() => ending.abort());
      for await (const { stream, bytes } of jailed.output()) await line.write(stream, bytes);
      const code = await jailed.end();
      if (ending.signal.aborted)
        throw new UserError("nothing came from git for five minutes, so the push was given up");
      return code;
    } finally {
      clearTimeout(silence);
      hook.close();
      await rm(session, { recursive: true, force: true });
    }
  };
}

/** Passes what git's client sends into the jail. A client that goes leaves its push to end by itself: what it has begun to deploy must reach the branch. */
async function feed(
  socket: Socket,
  jailed: Awaited<ReturnType<Jail["run"]>>,
  onBytes: () => void,
): Promise<void> {
  try {
    for await (const bytes of socket.iterator({ destroyOnReturn: false })) {
      onBytes();
      await jailed.write(bytes as Uint8Array);
    }
  } finally {
    jailed.endInput();
  }
}

interface Hooked {
  readonly parts: ReceivePackParts;
  readonly line: GitLine;
  readonly onPushed: () => void;
  /** Connections with files that are waited for, by id. */
  readonly waiting: Map<string, (files: CommitFiles) => void>;
}

async function listenForHook(
  session: string,
  parts: ReceivePackParts,
  line: GitLine,
  onPushed: () => void,
): Promise<Server> {
  await mkdir(session, { recursive: true, mode: 0o750 });
  await chown(session, 0, jailUid);
  await chmod(session, 0o750);
  const hooked: Hooked = { parts, line, onPushed, waiting: new Map() };
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on("error", () => socket.destroy());
    void converse(hooked, socket).catch((error: unknown) => {
      socket.destroy();
      if (!(error instanceof Error && error.message.startsWith("closed"))) parts.onBug(error);
    });
  });
  server.maxConnections = 4;
  const path = join(session, "hook.sock");
  await once(server.listen(path), "listening");
  await chown(path, 0, jailUid);
  await chmod(path, 0o660);
  return server;
}

/** One connection from the jail: a hook with what is pushed, or the files that were asked for. */
async function converse(hooked: Hooked, socket: Socket): Promise<void> {
  const said = readHookLine(await firstLine(socket));
  if ("files" in said) {
    socket.once("end", () => socket.end());
    const take = hooked.waiting.get(said.files);
    hooked.waiting.delete(said.files);
    if (take === undefined) socket.destroy();
    else take({ facts: said, tar: socket });
    return;
  }
  hooked.onPushed();
  const { parts, line, waiting } = hooked;
  const gone = new AbortController();
  socket.on("close", () => gone.abort());
  socket.on("end", () => gone.abort());
  socket.resume();
  const send = (message: object) => void socket.write(`${JSON.stringify(message)}\n`);
  const hook: HookLine = {
    pushed: said,
    say: (text) => send({ say: text }),
    signal: gone.signal,
    files: (commit) =>
      new Promise((resolve, reject) => {
        const id = parts.random(8).toString("hex");
        waiting.set(id, resolve);
        gone.signal.addEventListener("abort", () => reject(new Error("closed: the hook")));
        send({ archive: commit, id });
      }),
  };
  const isLive = await parts.onPushed(hook, line);
  send({ end: isLive ? 0 : 1 });
  socket.end();
}
