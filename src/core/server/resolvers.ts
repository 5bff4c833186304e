import { isAddress } from "./addresses.ts";

/** DNS servers that are asked where the configuration names none: they see what a CA sees, whatever this network answers. */
export const publicResolvers = ["1.1.1.1", "8.8.8.8", "9.9.9.9"] as const;

/** A DNS server as it is kept: `ip`, `ip:port` or `[ip]:port`; undefined when the text is none. */
export function readResolver(text: string): string | undefined {
  if (isAddress(text)) return text;
  const [, six, four, port] = /^(?:\[([^\]]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const address = six ?? four ?? "";
  const isRightKind = isAddress(address) && address.includes(":") === (six !== undefined);
  if (!isRightKind || Number(port ?? 53) < 1 || Number(port ?? 53) > 65_535) return undefined;
  return port === undefined ? address : text;
}

/** The same with its port, as Traefik wants it. */
export function resolverWithPort(resolver: string): string {
  if (!isAddress(resolver)) return resolver;
  return resolver.includes(":") ? `[${resolver}]:53` : `${resolver}:53`;
}
