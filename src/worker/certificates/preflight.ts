import { readFile } from "node:fs/promises";
import { judgePreflight } from "../../core/certificates/preflight.ts";
import { publicResolvers } from "../../core/server/addresses.ts";
import { acmeOf } from "../../core/server/acme.ts";
import { onlyFamily } from "../../core/server/listening.ts";
import { instancePaths, type InstanceConfig } from "../../core/server/instance.ts";
import { readDirectory } from "../../adapters/certificates/acme-directory.ts";
import { probePort80 } from "../../adapters/certificates/port-80-probe.ts";
import { lookUpAddresses, lookUpCaa } from "../../adapters/certificates/dns-lookup.ts";
import type { CertificateParts, CertificatePorts } from "./ports.ts";
import { addressesHere, storeProblem } from "./server-facts.ts";

/** Checks what a CA would check, without a request that the CA counts. */
export function preflight({ config, clock }: CertificateParts): CertificatePorts["preflight"] {
  const { server, addresses: declared = [] } = config;
  // Configured DNS servers may have names that no others know.
  const resolvers = config.resolvers ?? [...publicResolvers, undefined];
  const ca = sharedFor(caMs, clock.now, () => readCa(config));
  return async (host, challenge) => {
    const broken = await storeProblem(config);
    if (broken !== undefined) return broken;
    const [answers, caa, issuer] = await Promise.all([
      challenge === "http" ? lookUpAddresses(host, resolvers) : [],
      lookUpCaa(host, resolvers),
      ca(),
    ]);
    const found = [...new Set(answers.flatMap(({ addresses }) => addresses ?? []))];
    const see = async (address: string) => {
      const answer = await probePort80(address, { host, server });
      return { address, answer };
    };
    const seen = await Promise.all(found.map(see));
    const own = addressesHere(config);
    const only = onlyFamily(config);
    return judgePreflight({ host, challenge, answers, own, only, declared, seen, caa, ...issuer });
  };
}

/** Long enough for all hosts of a deploy, and short enough to notice a CA that goes away. */
const caMs = 3_000;

/** Gives all callers within `ms` the same answer. */
function sharedFor<T>(ms: number, now: () => number, call: () => Promise<T>): () => Promise<T> {
  let last: { readonly at: number; readonly answer: Promise<T> } | undefined;
  return () => {
    if (last === undefined || now() - last.at > ms) last = { at: now(), answer: call() };
    return last.answer;
  };
}

async function readCa(config: InstanceConfig) {
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
