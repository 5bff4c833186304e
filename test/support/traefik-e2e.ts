import { chown, mkdir, mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Docker from "dockerode";
import type { InfraPlan } from "../../src/core/server/infra.ts";
import type { InstanceConfig } from "../../src/core/server/instance.ts";
import type { Release } from "../../src/core/release/release.ts";
import { networkPlans, traefikContainer, traefikPaths } from "../../src/core/server/infra.ts";
import { containerPlan } from "../../src/adapters/engines/docker/container-plan.ts";
import { instancePaths } from "../../src/core/server/instance.ts";
import { traefikUid } from "../../src/core/server/uids.ts";
import { label, apiNetworkName, networkName } from "../../src/core/release/names.ts";
import { traefikStatic } from "../../src/core/routing/traefik-static.ts";
import { writeFileAtomic } from "../../src/adapters/files.ts";
import { nodeImage, traefikImage } from "./images.ts";

const dockerSocket = "/var/run/docker.sock";

/** A Traefik as `init` makes it, but on the engine's own socket, with everything it owns removed at the end. */
export async function startTraefik(config: {
  readonly instance: string;
  readonly httpPort: number;
  readonly httpsPort: number;
  /** The DNS server for what Docker itself does not know; that of this machine when left out. */
  readonly dns?: string;
}) {
  const docker = new Docker({ socketPath: dockerSocket });
  const stateDir = await mkdtemp(join(tmpdir(), "mypaas-traefik-"));
  const { instance, httpPort, httpsPort } = config;
  const whole: InstanceConfig = {
    instance,
    httpPort,
    httpsPort,
    version: 1,
    server: "00".repeat(8),
    stateDir,
    runDir: stateDir,
    bind: "127.0.0.1",
    traefikImage,
    receiverImage: "",
    owner: { name: "root", home: "/root" },
    volumes: { allow: [] },
  };
  const paths = instancePaths(whole);
  await remove(docker, instance);
  for (const dir of [paths.dynamicDir, paths.acmeDir]) await mkdir(dir, { recursive: true });
  await chown(paths.acmeDir, traefikUid, traefikUid);
  const template = await readFile(new URL("../../traefik/traefik.yml", import.meta.url), "utf8");
  await writeFileAtomic(paths.traefikStatic, traefikStatic(template, whole), { mode: 0o644 });
  for (const plan of networkPlans(instance))
    await docker.createNetwork({ Name: plan.name, Internal: plan.internal, Labels: plan.labels });

  const plan = traefikContainer(whole);
  const { dns } = config;
  const container = await createInfra(docker, dns, {
    ...plan,
    mounts: plan.mounts.map((mount) =>
      mount.target === traefikPaths.docker
        ? { ...mount, source: dockerSocket, target: `${traefikPaths.docker}/docker.sock` }
        : mount,
    ),
  });
  await container.start();

  return {
    docker,
    paths,
    container,
    write: (yaml: string) =>
      writeFileAtomic(
        paths.dynamicFile,
        yaml,
        { mode: 0o640, owner: { uid: 0, gid: traefikUid } },
        paths.dynamicNext,
      ),
    locate: async () => {
      const { Networks } = (await container.inspect()).NetworkSettings;
      return {
        api: `http://${Networks[apiNetworkName(instance)]?.IPAddress}:8080`,
        entry: { host: "127.0.0.1", httpPort: config.httpPort, httpsPort: config.httpsPort },
      };
    },
    /** Where services could reach it. */
    address: async () =>
      (await container.inspect()).NetworkSettings.Networks[networkName(instance)]?.IPAddress,
    run: (release: Release, script: string, replica = 1) =>
      runService(docker, { release, script, replica, httpsPort: config.httpsPort }),
    stop: async () => {
      await remove(docker, instance);
      await rm(stateDir, { recursive: true, force: true });
    },
  };
}

async function runService(
  docker: Docker,
  what: { release: Release; script: string; replica: number; httpsPort: number },
) {
  const { instance } = what.release;
  const plan = containerPlan(what.release, what.replica, {
    server: { instance, httpsPort: what.httpsPort },
  });
  const container = await docker.createContainer({
    name: plan.name,
    Image: nodeImage,
    Cmd: ["node", "-e", what.script],
    Env: Object.entries(plan.env).map(([name, value]) => `${name}=${value}`),
    Labels: { ...plan.labels },
    HostConfig: {
      NetworkMode: plan.network,
      CapDrop: ["ALL"],
      CapAdd: [...plan.capAdd],
      PidsLimit: plan.pidsLimit,
      SecurityOpt: ["no-new-privileges"],
      Init: true,
    },
    NetworkingConfig: {
      EndpointsConfig: { [plan.network]: { Aliases: [...plan.aliases] } },
    },
  });
  await container.start();
  return container;
}

async function createInfra(docker: Docker, dns: string | undefined, plan: InfraPlan) {
  const [first, ...others] = plan.networks;
  const { gid } = await stat(dockerSocket);
  const container = await docker.createContainer({
    name: plan.name,
    Image: plan.image,
    Cmd: [...plan.cmd],
    User: plan.user,
    Labels: { ...plan.labels },
    ExposedPorts: Object.fromEntries(plan.ports.map((port) => [`${port.containerPort}/tcp`, {}])),
    HostConfig: {
      NetworkMode: first?.name ?? "none",
      GroupAdd: [String(gid)],
      ReadonlyRootfs: plan.readOnly,
      CapDrop: [...plan.capDrop],
      SecurityOpt: ["no-new-privileges"],
      Memory: plan.memoryBytes,
      PidsLimit: plan.pidsLimit,
      ...(dns !== undefined && { Dns: [dns] }),
      DnsOptions: [...(plan.dnsOptions ?? [])],
      Binds: plan.mounts.map(
        ({ source, target, readOnly }) => `${source}:${target}${readOnly ? ":ro" : ""}`,
      ),
      PortBindings: Object.fromEntries(
        plan.ports.map(({ ip, hostPort, containerPort }) => [
          `${containerPort}/tcp`,
          [{ HostIp: ip, HostPort: String(hostPort) }],
        ]),
      ),
    },
  });
  for (const { name, aliases } of others)
    await docker
      .getNetwork(name)
      .connect({ Container: container.id, EndpointConfig: { Aliases: [...aliases] } });
  return container;
}

async function remove(docker: Docker, instance: string): Promise<void> {
  const filters = { label: [`${label.instance}=${instance}`] };
  for (const { Id } of await docker.listContainers({ all: true, filters }))
    await docker.getContainer(Id).remove({ force: true });
  for (const { Id } of await docker.listNetworks({ filters })) await docker.getNetwork(Id).remove();
}
