import { namesKey } from "../manual-certificate.ts";

/** Traefik's file of accounts and certificates, without certificates of a CA that have the same names as a manual one. Traefik would serve either of the two. Undefined when nothing changes, or for another kind of file. */
export function withoutReplaced(
  text: string,
  own: readonly (readonly string[])[],
): { readonly text: string; readonly dropped: readonly string[] } | undefined {
  const resolvers = parse(text);
  if (resolvers === undefined) return undefined;
  const replaced = new Set(own.map(namesKey));
  const dropped: string[] = [];
  const kept = Object.entries(resolvers).map(([name, resolver]) => {
    const { Certificates: all } = resolver;
    if (!Array.isArray(all)) return [name, resolver];
    const left = (all as readonly StoredCertificate[]).filter(({ domain }) => {
      const names = [domain?.main, ...(domain?.sans ?? [])].filter((one) => one !== undefined);
      const isReplaced = replaced.has(namesKey(names));
      if (isReplaced) dropped.push(names.join(", "));
      return !isReplaced;
    });
    return [name, { ...resolver, Certificates: left }];
  });
  if (dropped.length === 0) return undefined;
  return { text: `${JSON.stringify(Object.fromEntries(kept), null, 2)}\n`, dropped };
}

/** True for a file that Traefik cannot read at its next start; it would request no certificate then. An empty file is fine. */
export const isBrokenStorage = (text: string): boolean =>
  text.trim() !== "" && parse(text) === undefined;

interface StoredCertificate {
  readonly domain?: { readonly main?: string; readonly sans?: readonly string[] | null };
}

type Resolvers = Readonly<Record<string, { readonly Certificates?: unknown }>>;

function parse(text: string): Resolvers | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const isStorage =
      typeof value === "object" &&
      value !== null &&
      Object.values(value).every((one) => typeof one === "object" && one !== null);
    return isStorage ? (value as Resolvers) : undefined;
  } catch {
    return undefined;
  }
}
