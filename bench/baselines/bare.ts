import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import Docker from "dockerode";
import { pack } from "tar-stream";
import { dockerSocket } from "../../scripts/machine/docker.ts";
import { freePort } from "../../scripts/machine/ports.ts";
import { sweepInstance } from "../../scripts/machine/sweep.ts";
import { createInfra } from "../../src/adapters/engines/docker/infra.ts";
import { label } from "../../src/core/release/names.ts";
import { appFiles } from "../switch/app.ts";
import { appPort, bootMs } from "../switch/load.ts";

const name = "bench-switch-bare";
const docker = new Docker({ socketPath: dockerSocket });
export const bareHost = "bare.example.test";
const router = "traefik.http.routers.bare";

/** Every trace of a baseline. */
export const removeBare = (): Promise<void> => sweepInstance(name, []);

/** The same app behind the same Traefik without mypaas: Traefik has its defaults, the containers carry one router's labels, and each release is an environment variable, so nothing is built. */
export async function startBare(images: { readonly traefik: string; readonly node: string }) {
  await removeBare();
  const port = await freePort();
  const Labels = { [label.instance]: name };
  await docker.createNetwork({ Name: name, Labels });
  const image = await buildApp(images.node);
  const traefik = await docker.createContainer({
    name: `${name}-traefik`,
    Image: images.traefik,
    Cmd: [
      "--providers.docker=true",
      "--providers.docker.exposedbydefault=false",
      `--providers.docker.network=${name}`,
      `--providers.docker.constraints=Label(\`${label.instance}\`, \`${name}\`)`,
      "--entrypoints.web.address=:80",
    ],
    Labels,
    ExposedPorts: { "80/tcp": {} },
    HostConfig: {
      NetworkMode: name,
      Binds: [`${dockerSocket}:/var/run/docker.sock:ro`],
      PortBindings: { "80/tcp": [{ HostIp: "127.0.0.1", HostPort: String(port) }] },
    },
  });
  await traefik.start();
  return {
    port,
    /** Creates a replica that is not started yet. */
    create: (release: number, replica: number) =>
      docker.createContainer({
        name: `${name}-r${release}-${replica}`,
        Image: image,
        Env: [
          "MYPAAS_SERVICE=bare",
          `MYPAAS_RELEASE=${release}`,
          `PORT=${appPort}`,
          `BOOT_MS=${bootMs}`,
        ],
        Labels: {
          ...Labels,
          "traefik.enable": "true",
          [`${router}.rule`]: `Host(\`${bareHost}\`)`,
          [`${router}.entrypoints`]: "web",
          "traefik.http.services.bare.loadbalancer.server.port": String(appPort),
        },
        HostConfig: { NetworkMode: name, Init: true },
      }),
    /** Until the load's own first request has someone to ask. */
    ready: async () => {
      for (let tries = 0; tries < 200; tries += 1) {
        const where = `http://127.0.0.1:${port}/`;
        if (await answers(where)) return sleep(500);
        await sleep(100);
      }
      throw new Error("the baseline's app does not answer");
    },
  };
}

async function answers(url: string): Promise<boolean> {
  const { get } = await import("node:http");
  return new Promise((resolve) => {
    get(url, { headers: { host: bareHost }, agent: false }, (answer) => {
      answer.resume();
      resolve(answer.statusCode === 200);
    }).on("error", () => resolve(false));
  });
}

async function buildApp(image: string): Promise<string> {
  const tag = `${name}/app:r1`;
  const tar = pack();
  for (const [file, text] of await appFiles(image, [])) tar.entry({ name: file }, text);
  tar.finalize();
  await createInfra({ instance: name, socketPath: dockerSocket }).buildImage({
    tag,
    labels: {},
    tar: Readable.from(tar, { objectMode: false }),
    id: `${name}-${process.pid}`,
    onLine: () => undefined,
    signal: AbortSignal.timeout(120_000),
  });
  return tag;
}
