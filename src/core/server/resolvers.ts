import { isAddress } from "./addresses.ts";

/** The default DNS servers: they see the same records as a CA. */
export const publicResolvers = ["1.1.1.1", "8.8.8.8", "9.9.9.9"] as const;

/** A DNS server in its stored form: `ip`, `ip:port` or `[ip]:port`; undefined for any other text. */
export function readResolver(text: string): string | undefined {
  if (isAddress(text)) return text;
  const [, six, four, port] = /^(?:\[([^\]]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const address = six ?? four ?? "";
  const isRightKind = isAddress(address) && address.includes(":") === (six !== undefined);
  if (!isRightKind || Number(port ?? 53) < 1 || Number(port ?? 53) > 65_535) return undefined;
  return port === undefined ? address : text;
}

/** The same with a port, as Traefik needs it. */
export function resolverWithPort(resolver: string): string {
  if (!isAddress(resolver)) return resolver;
  return resolver.includes(":") ? `[${resolver}]:53` : `${resolver}:53`;
}
