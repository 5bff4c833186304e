import { readFile } from "node:fs/promises";
import { judgePreflight } from "../../core/certificates/preflight.ts";
import { publicResolvers } from "../../core/server/resolvers.ts";
import { acmeOf } from "../../core/server/acme.ts";
import { instancePaths, type InstanceConfig } from "../../core/server/instance.ts";
import { readDirectory } from "../../adapters/certificates/directory.ts";
import { whoIsThere } from "../../adapters/certificates/here.ts";
import { askAddresses, askCaa } from "../../adapters/certificates/names.ts";
import { addressesHere } from "../addresses-here.ts";
import type { CertificatePorts } from "./ports.ts";

/** Finds out what a CA would find, without asking it for anything that it counts. */
export function preflight({
  config,
}: {
  readonly config: InstanceConfig;
}): CertificatePorts["preflight"] {
  const { server, addresses: declared = [] } = config;
  // Who names DNS servers has names that no others know.
  const resolvers = config.resolvers ?? [...publicResolvers, undefined];
  return async (host, challenge) => {
    const [answers, caa, ca] = await Promise.all([
      challenge === "http" ? askAddresses(host, resolvers) : [],
      askCaa(host, resolvers),
      askCa(config),
    ]);
    const found = [...new Set(answers.flatMap(({ addresses }) => addresses ?? []))];
    const seen = await Promise.all(
      found.map(async (address) => ({
        address,
        answer: await whoIsThere(address, { host, server }),
      })),
    );
    const own = addressesHere(config);
    return judgePreflight({ host, challenge, answers, own, declared, seen, caa, ...ca });
  };
}

async function askCa(config: InstanceConfig) {
  const { server, hasCa } = acmeOf(config);
  try {
    const ca = hasCa ? await readFile(instancePaths(config).acmeCa, "utf8") : undefined;
    const { caIdentities } = await readDirectory(server, ca);
    return { caIdentities, caTrouble: undefined };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { caIdentities: undefined, caTrouble: `${new URL(server).host}: ${reason}` };
  }
}
