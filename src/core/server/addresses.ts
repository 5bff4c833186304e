const byte = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
const fourBytes = new RegExp(`^${byte}(?:\\.${byte}){3}$`);

/** Four decimal numbers up to 255, without leading zeros. */
export const isIPv4 = (text: string): boolean => fourBytes.test(text);

/** True for addresses of the machine itself. */
export const isLoopback = (address: string): boolean =>
  address.startsWith("127.") || address === "::1";

/** The text if it is an address, else undefined. */
export const readAddress = (text: string): string | undefined =>
  isAddress(text) ? text : undefined;

/** True for an IPv4 address, and for an IPv6 address without brackets and without a zone. */
export function isAddress(text: string): boolean {
  if (isIPv4(text)) return true;
  return /^[0-9a-f:.]*:[0-9a-f:.]*$/i.test(text) && URL.canParse(`http://[${text}]/`);
}

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
