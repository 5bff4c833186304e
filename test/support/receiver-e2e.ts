import { once } from "node:events";
import { chmod, chown, mkdir, rm, writeFile } from "node:fs/promises";
import type { Server } from "node:http";
import { createAdaptorServer } from "@hono/node-server";
import Docker from "dockerode";
import { realWorld } from "../../bin/world.ts";
import { realClock } from "../../src/adapters/clock.ts";
import { createInfra } from "../../src/adapters/engines/docker/infra.ts";
import { nodeFiles } from "../../src/adapters/host/node-files.ts";
import { receiverBundle, receiverImage } from "../../src/adapters/host/receiver-image.ts";
import { takeBlob } from "../../src/adapters/spool/take-blob.ts";
import { wireApp } from "../../src/adapters/wire/app.ts";
import { instancePaths, type InstanceConfig } from "../../src/core/server/instance.ts";
import { receiverUid } from "../../src/core/server/uids.ts";
import { label, receiverContainerName, receiverNetworkName } from "../../src/core/release/names.ts";
import { receiverContainer } from "../../src/core/server/receiver-container.ts";
import { requestId } from "../../src/core/wire/request.ts";
import type { Accepted, WantedBlob } from "../../src/core/wire/protocol.ts";
import { refusingBackend } from "./wire.ts";

const socketPath = "/var/run/docker.sock";

export interface ReceiverSetup {
  readonly instance: string;
  /** Id of the server. */
  readonly server: string;
  /** Takes the place of /var/lib/mypaas and is removed at the end. */
  readonly dir: string;
  readonly authorizedKeys: string;
  readonly wanted: readonly WantedBlob[];
}

/** Builds the receiver's image and starts its container as `init` does, with a worker behind it that wants the same blobs for every request. */
export async function startReceiver(setup: ReceiverSetup) {
  const { instance, dir } = setup;
  const config: InstanceConfig = {
    version: 1,
    instance,
    server: setup.server,
    stateDir: dir,
    runDir: `${dir}/run`,
    bind: "127.0.0.1",
    httpPort: 0,
    httpsPort: 0,
    traefikImage: "",
    receiverImage: `${instance}/receiver:test`,
    owner: { name: "root", home: "/root" },
    volumes: { allow: [] },
  };
  await makePlaces(config, setup);
  const worker = await startWorker(config, setup.wanted);
  const infra = createInfra({ instance, socketPath });
  const docker = new Docker({ socketPath });
  const container = docker.getContainer(receiverContainerName(instance));
  const network = receiverNetworkName(instance);

  const stopWorker = () => {
    worker.server.closeAllConnections();
    worker.server.close();
  };
  const stop = async () => {
    stopWorker();
    await infra.removeContainer(receiverContainerName(instance));
    const ignore = () => undefined;
    await docker.getNetwork(network).remove().catch(ignore);
    await docker.getImage(config.receiverImage).remove().catch(ignore);
    await rm(dir, { recursive: true, force: true });
  };

  const start = async () => {
    const world = realWorld(process);
    const image = receiverImage(await receiverBundle(world.packageRoot));
    const labels = { [label.instance]: instance };
    const build = { labels, tar: image.tar(), tag: config.receiverImage, id: `${instance}-build` };
    const { signal } = new AbortController();
    await infra.buildImage({ ...build, onLine: () => undefined, signal });
    await infra.ensureNetwork({ name: network, internal: true, labels });
    await infra.ensureContainer(receiverContainer(config, await nodeFiles(world)));
  };
  await start().catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  const facts = await infra.inspectNetwork(network);
  const address = facts?.containers[receiverContainerName(instance)] ?? "";
  const log = async () => (await container.logs({ stdout: true, stderr: true })).toString();
  const image = () => docker.getImage(config.receiverImage).inspect();
  return { address, container, image, taken: worker.taken, stopWorker, stop, log };
}

async function makePlaces(config: InstanceConfig, setup: ReceiverSetup): Promise<void> {
  const paths = instancePaths(config);
  for (const path of [paths.receiverDir, paths.spool, paths.receiverSocketDir])
    await mkdir(path, { recursive: true });
  await chmod(setup.dir, 0o755);
  await chown(paths.spool, receiverUid, receiverUid);
  await chmod(paths.spool, 0o700);
  await writeFile(paths.authorizedKeys, setup.authorizedKeys);
  await writeFile(paths.receiverConfig, JSON.stringify({ version: 1, server: setup.server }));
}

async function startWorker(config: InstanceConfig, wanted: readonly WantedBlob[]) {
  const { spool: spoolDir, receiverSocket } = instancePaths(config);
  const taken = new Map<string, number>();
  const put = async (blob: WantedBlob, bytes: AsyncIterable<Uint8Array>) => {
    let size = 0;
    for await (const chunk of bytes) size += chunk.length;
    taken.set(blob.sha256, size);
  };
  const status = async (request: string): Promise<Accepted> => ({ request, missing: wanted });
  const app = wireApp({
    spool: undefined,
    requireSignature: true,
    clock: realClock(Date.now),
    onBug: (error) => console.error(error),
    backend: {
      ...refusingBackend,
      status,
      accept: async (body) => status(requestId(body)),
      start: async (request) => {
        for (const blob of wanted)
          await takeBlob({ spoolDir, request, wanted: blob, into: { put } });
        return { request, missing: [], job: 1 };
      },
      events: async () =>
        (async function* () {
          yield { kind: "step", text: "building image", offset: 0, at: 0 } as const;
        })(),
    },
  });
  const server = createAdaptorServer({ fetch: app.fetch, overrideGlobalObjects: false }) as Server;
  server.listen(receiverSocket);
  await once(server, "listening");
  await chmod(receiverSocket, 0o666);
  return { server, taken };
}
