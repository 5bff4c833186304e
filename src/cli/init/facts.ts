import { publishers, relayListens } from "../../adapters/engines/docker/published.ts";
import { engineInfo } from "../../adapters/engines/docker/info.ts";
import { freeBytes, hasIPv6, operatingSystem, portHolder } from "../../adapters/host/host-facts.ts";
import { isThere } from "../../adapters/files.ts";
import { hasSshd } from "../../adapters/host/sshd.ts";
import { hasSystemd } from "../../adapters/host/systemd.ts";
import { UserError } from "../../core/errors.ts";
import type { InstanceConfig } from "../../core/server/instance.ts";
import { isIPv4 } from "../../core/server/addresses.ts";
import { bindsOf } from "../../core/server/listening.ts";
import { overlap } from "../../core/server/proc-net.ts";
import type { World } from "../../core/world.ts";
import type { Facts, TakenPort } from "./checks.ts";

interface Question {
  readonly world: World;
  readonly config: InstanceConfig;
  readonly engineSocket: string;
  readonly needsSystemd: boolean;
  readonly noKey: UserError | undefined;
}

/** Looks at the machine without changing anything; whatever cannot be found out is left to the step that meets it. */
export async function gatherFacts(question: Question): Promise<Facts> {
  const { world, config, engineSocket, needsSystemd, noKey } = question;
  const engine = await engineInfo(engineSocket).catch((error: unknown) => {
    if (error instanceof UserError) return error;
    throw error;
  });
  const folders = [config.stateDir, ...("rootDir" in engine ? [engine.rootDir] : [])];
  return {
    uid: world.uid,
    os: operatingSystem(),
    node: world.nodeVersion,
    engine: "rootDir" in engine ? { api: engine.apiVersion } : engine,
    hasSystemd: needsSystemd ? await hasSystemd() : undefined,
    disks: await Promise.all(folders.map(async (path) => ({ path, free: await freeBytes(path) }))),
    taken: "rootDir" in engine ? await takenPorts(config, engineSocket) : await takenPorts(config),
    lacksIPv6: (await hasIPv6()) ? undefined : bindsOf(config).find((one) => !isIPv4(one)),
    lacksForGit: config.git === true ? await lacksForGit(needsSystemd) : [],
    noKey,
  };
}

async function lacksForGit(needsSshd: boolean): Promise<readonly string[]> {
  return [
    ...((await isThere("/usr/bin/git")) ? [] : ["git"]),
    ...(!needsSshd || (await hasSshd()) ? [] : ["openssh-server"]),
  ];
}

async function takenPorts(
  config: InstanceConfig,
  engineSocket?: string,
): Promise<readonly TakenPort[]> {
  const published = engineSocket === undefined ? [] : await publishers(engineSocket);
  const own = engineSocket === undefined ? [] : await relayListens(engineSocket, config.instance);
  const wanted = [
    { option: "http-port", port: config.httpPort },
    { option: "https-port", port: config.httpsPort },
  ] as const;
  const places = bindsOf(config).flatMap((address) => wanted.map((one) => ({ ...one, address })));
  const answers = await Promise.all(
    places.map(async ({ option, port, address }) => {
      const publisher = published.find((one) => one.port === port && overlap(one.ip, address));
      if (publisher?.instance === config.instance && publisher.role === "traefik") return undefined;
      const holder =
        publisher === undefined
          ? await portHolder(address, port, own)
          : `container "${publisher.container}"`;
      return holder === undefined ? undefined : { option, address, port, holder };
    }),
  );
  return answers.filter((answer) => answer !== undefined);
}
