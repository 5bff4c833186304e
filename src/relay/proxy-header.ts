/** One end of a TCP connection. */
export interface End {
  readonly address: string;
  readonly port: number;
}

/** The line that tells Traefik the client's own address (PROXY protocol, version 1); without its zone, which only this machine knows. */
export function proxyHeader(client: End, server: End): string {
  const [from, to] = [withoutZone(client.address), withoutZone(server.address)];
  const family = from.includes(":") ? "TCP6" : "TCP4";
  return `PROXY ${family} ${from} ${to} ${client.port} ${server.port}\r\n`;
}

const withoutZone = (address: string): string => address.replace(/%.*$/, "");
