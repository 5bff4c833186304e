import { promises as dns } from "node:dns";
import { codeOf } from "../files.ts";

/** The answer of one DNS server. */
export interface NameAnswer {
  readonly resolver: string;
  /** A and AAAA records, sorted; undefined without an answer. */
  readonly addresses: readonly string[] | undefined;
}

const resolverOptions = { timeout: 2000, tries: 2 } as const;
/** Name of the machine's own resolver in messages. */
const machineResolver = "this server's resolver";

/** Looks up the addresses of a host at each DNS server (`ip` or `ip:port`; undefined: the machine's own). Never rejects. */
export function lookUpAddresses(
  host: string,
  servers: readonly (string | undefined)[],
): Promise<readonly NameAnswer[]> {
  return Promise.all(
    servers.map(async (server) => {
      const resolver = resolverOf(server);
      const [four, six] = await Promise.all([
        records(() => resolver.resolve4(host)),
        records(() => resolver.resolve6(host)),
      ]);
      const addresses = four && six && [...four, ...six].toSorted();
      return { resolver: server ?? machineResolver, addresses };
    }),
  );
}

/** CAA values that apply to a host (RFC 8659): those of the nearest name at or above it that has any. Undefined when no server answered. */
export async function lookUpCaa(
  host: string,
  servers: readonly (string | undefined)[],
): Promise<readonly string[] | undefined> {
  const isWildcard = host.startsWith("*.");
  for (
    let name = host.replace(/^\*\./, "");
    name.includes(".");
    name = name.slice(name.indexOf(".") + 1)
  ) {
    const found = await firstAnswer(servers, (resolver) => resolver.resolveCaa(name));
    if (found === undefined) return undefined;
    if (found.length === 0) continue;
    const wild = found.flatMap(({ issuewild }) => issuewild ?? []);
    return isWildcard && wild.length > 0 ? wild : found.flatMap(({ issue }) => issue ?? []);
  }
  return [];
}

function resolverOf(server: string | undefined): dns.Resolver {
  const resolver = new dns.Resolver(resolverOptions);
  if (server !== undefined) resolver.setServers([server]);
  return resolver;
}

async function firstAnswer<T>(
  servers: readonly (string | undefined)[],
  ask: (resolver: dns.Resolver) => Promise<readonly T[]>,
): Promise<readonly T[] | undefined> {
  for (const server of servers) {
    const found = await records(() => ask(resolverOf(server)));
    if (found !== undefined) return found;
  }
  return undefined;
}

/** "No such name" and "no such record" are answers too. */
async function records<T>(ask: () => Promise<readonly T[]>): Promise<readonly T[] | undefined> {
  try {
    return await ask();
  } catch (error) {
    return ["ENOTFOUND", "ENODATA"].includes(codeOf(error) ?? "") ? [] : undefined;
  }
}
