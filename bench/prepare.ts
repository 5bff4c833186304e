import { copyFile, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { ensureDocker } from "../scripts/machine/docker.ts";
import { ensureNodeImage, ensureTraefikImage } from "../scripts/machine/images.ts";
import {
  describeInstance,
  initInstance,
  mypaas,
  removeInstance,
  startWorker,
  stopWorker,
  type Instance,
} from "../scripts/machine/instance.ts";
import { installPackages } from "../scripts/machine/packages.ts";
import { freePort } from "../scripts/machine/ports.ts";
import { has, mustRun } from "../scripts/machine/run.ts";

/** A mypaas as shipped, running, with the laptop that may push to it. */
export interface Server {
  readonly instance: Instance;
  readonly nodeImage: string;
  readonly traefikImage: string;
  readonly workerPid: number;
  readonly remove: () => Promise<void>;
}

const root = dirname(import.meta.dirname);
export const program = join(root, "dist", "bin", "mypaas.js");

/** What the package ships, made from the sources as they are. */
export const build = () => mustRun(process.execPath, [join(root, "scripts", "build.ts")]);

/** Sets up a server of its own on free ports of this machine. */
export async function prepare(name: string): Promise<Server> {
  if (!(await has("ssh-keygen")))
    await installPackages(["openssh-client"], "ssh-keygen, which signs");
  await ensureDocker();
  const env = process.env;
  const traefikImage = env["MYPAAS_TEST_TRAEFIK_IMAGE"] ?? (await ensureTraefikImage());
  const nodeImage = env["MYPAAS_TEST_NODE_IMAGE"] ?? (await ensureNodeImage());
  const folder = await mkdtemp(join(tmpdir(), `${name}-`));
  // A Node of its own: pages that it shared with the Node of this very benchmark would count for less.
  const node = join(folder, "node");
  await copyFile(process.execPath, node);
  const instance = describeInstance({
    name,
    folder,
    node,
    program,
    httpPort: await freePort(),
    httpsPort: await freePort(),
    traefik: ["--traefik-image", traefikImage],
  });
  let stop = async (): Promise<void> => {};
  const remove = async () => {
    await stop();
    await removeInstance(instance);
  };
  try {
    const line = await initInstance(instance);
    const { pid } = await startWorker(instance);
    if (pid === undefined) throw new Error("the worker has no process");
    stop = () => stopWorker(pid);
    await mkdir(join(folder, "app"));
    const added = await mypaas(instance, ["remote", "add", "bench", line]);
    if (added.code !== 0) throw new Error(added.err);
    return { instance, nodeImage, traefikImage, workerPid: pid, remove };
  } catch (error) {
    await remove();
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}
