import type { Duplex } from "node:stream";
import type Docker from "dockerode";
import type { Mount } from "../../../core/release/release.ts";
import { label } from "../../../core/release/names.ts";
import { jailUid } from "../../../core/server/uids.ts";
import { bounded, openDocker, reaching, tolerating } from "./client.ts";
import { envLines, memoryOptions, mountOptions } from "./create-options.ts";
import { programStreams, type Program } from "./program-streams.ts";
import { listFilter, removeForGood } from "./owned.ts";
import { explained } from "./start-errors.ts";

/** A program that reads what strangers wrote, such as `git`. It reaches what is named here and nothing else. */
export interface Jailing {
  /** For a person who looks at `docker ps`, such as `git-web`. */
  readonly name: string;
  readonly image: string;
  readonly command: readonly string[];
  /** Readable for root alone, with `docker inspect`. */
  readonly env?: Readonly<Record<string, string>>;
  /** A network of Docker; left out, there is none, not even to the host. */
  readonly network?: string;
  /** All that it can read beside its image; writable only where the mount says so. */
  readonly mounts?: readonly Mount[];
  /** Folders in memory: path → bytes at most. They count as memory. */
  readonly tmpfs?: Readonly<Record<string, number>>;
  readonly memoryBytes?: number;
  readonly pids?: number;
  /** The longest file that it can write. */
  readonly fileBytes?: number;
}

/** A program in the jail with its streams in our hands; nothing is left of it once it has ended. */
export type Jailed = Pick<Program, "output" | "write" | "endInput" | "end">;

export interface Jail {
  /** Starts the program; it is killed when `signal` aborts. Read its output to the end, then `end` gives its exit code. */
  readonly run: (jailing: Jailing, signal: AbortSignal) => Promise<Jailed>;
  /** Removes what an earlier worker left, where its name begins so. */
  readonly sweep: (prefix?: string) => Promise<void>;
}

const defaults = {
  memoryBytes: 512 * 1024 * 1024,
  pids: 64,
  tmpfs: { "/tmp": 64 * 1024 * 1024 },
  fileBytes: 4 * 1024 * 1024 * 1024,
};

/** The container of a jail: no network, no capability, no user of the host, read-only but for what is named. */
export function jailOptions(
  instance: string,
  { name, image, command, env = {}, network = "none", mounts = [], ...more }: Jailing,
): Docker.ContainerCreateOptions {
  const { memoryBytes, pids, tmpfs, fileBytes } = { ...defaults, ...more };
  return {
    Image: image,
    Hostname: "jail",
    Entrypoint: [...command],
    Cmd: [],
    Env: envLines(env),
    User: `${jailUid}:${jailUid}`,
    Labels: { [label.instance]: instance, [label.role]: "jail", "mypaas.jail": name },
    Tty: false,
    OpenStdin: true,
    StdinOnce: true,
    AttachStdin: true,
    AttachStdout: true,
    AttachStderr: true,
    HostConfig: {
      AutoRemove: true,
      NetworkMode: network,
      ReadonlyRootfs: true,
      CapDrop: ["ALL"],
      SecurityOpt: ["no-new-privileges"],
      // Without shared memory, of which Docker gives 64 MB otherwise.
      IpcMode: "none",
      ...memoryOptions(memoryBytes),
      PidsLimit: pids,
      // Services come first, whatever a stranger's program does.
      CpuShares: 128,
      OomScoreAdj: 500,
      Ulimits: [
        { Name: "core", Soft: 0, Hard: 0 },
        { Name: "nofile", Soft: 1024, Hard: 1024 },
        { Name: "fsize", Soft: fileBytes, Hard: fileBytes },
      ],
      Tmpfs: Object.fromEntries(
        Object.entries(tmpfs).map(([path, bytes]) => [
          path,
          `rw,nosuid,nodev,noexec,size=${bytes},mode=0700,uid=${jailUid},gid=${jailUid}`,
        ]),
      ),
      Mounts: mounts.map(mountOptions),
      LogConfig: { Type: "none", Config: {} },
    },
  };
}

/** The jail of one instance. */
export function createJail({
  instance,
  socketPath,
}: {
  readonly instance: string;
  readonly socketPath: string;
}): Jail {
  const docker = openDocker(socketPath);
  return {
    run: reaching(socketPath, (jailing, signal) => start(docker, jailing, { instance, signal })),
    sweep: bounded(socketPath, async (prefix = "") => {
      const filters = listFilter(instance, "jail");
      const left = await docker.listContainers({ all: true, filters });
      const ours = left.filter(({ Labels }) => (Labels?.["mypaas.jail"] ?? "").startsWith(prefix));
      await Promise.all(ours.map(({ Id }) => removeForGood(docker.getContainer(Id))));
    }),
  };
}

async function start(
  docker: Docker,
  jailing: Jailing,
  { instance, signal }: { readonly instance: string; readonly signal: AbortSignal },
): Promise<Jailed> {
  signal.throwIfAborted();
  const options = jailOptions(instance, jailing);
  const container = await explained(jailing.name, docker.createContainer(options));
  const kill = () => void removeForGood(container).catch(() => undefined);
  try {
    const wanted = { stream: true, hijack: true, stdin: true, stdout: true, stderr: true };
    const socket = (await container.attach(wanted)) as unknown as Duplex;
    // The engine removes the container at its end, so the wait for it begins before its start.
    const ended = container.wait({ condition: "next-exit" }) as Promise<{ StatusCode: number }>;
    const code = ended.then(
      ({ StatusCode }) => StatusCode,
      () => killed,
    );
    await explained(jailing.name, container.start());
    signal.addEventListener("abort", kill);
    if (signal.aborted) kill();
    const { output, write, endInput } = await programStreams(socket, undefined, container);
    return {
      output,
      write,
      endInput,
      end: async () => {
        const status = await code;
        signal.removeEventListener("abort", kill);
        await tolerating([404], container.wait({ condition: "removed" }));
        return status;
      },
    };
  } catch (error) {
    await removeForGood(container);
    throw error;
  }
}

/** The exit code of a program that was killed. */
const killed = 137;
