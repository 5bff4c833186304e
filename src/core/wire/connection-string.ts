import { UserError } from "../errors.ts";
import { command, hint } from "../hints.ts";

/** What a laptop needs to know a server, and what the line that init prints says. */
export interface RemoteAddress {
  /** `https://host[:port]`. */
  readonly origin: string;
  /** Id of the server, 16 hex digits. */
  readonly server: string;
  /** base64url of the sha256 of the key that the server must show; undefined: its public certificate is enough. */
  readonly pin: string | undefined;
}

const example = "'https://paas.example.com#srv=…&pin=…'";
const wholeLine = hint`take the whole line that ${command("init")} printed, in quotes: ${command(`remote add prod ${example}`)}`;

/** Reads `https://host[:port]#srv=…[&pin=…]`; throws UserError "remote". */
export function parseRemoteLine(line: string): RemoteAddress {
  const wrong = (problem: string) =>
    new UserError(`remote ${JSON.stringify(line.slice(0, 200))}: ${problem}`, {
      code: "remote",
      hint: wholeLine,
    });
  const url = URL.parse(line.trim());
  if (url === null || url.protocol !== "https:") throw wrong("should begin with https://");
  if (url.username !== "" || url.password !== "" || url.search !== "" || url.pathname !== "/")
    throw wrong("should have a host and a port only before the #");
  if (url.hash === "") throw wrong("the part after # is missing; the shell may have eaten it");
  const parts = new URLSearchParams(url.hash.slice(1));
  const server = parts.get("srv") ?? "";
  if (!/^[0-9a-f]{16}$/.test(server)) throw wrong("srv should be 16 hex digits");
  const pin = parts.get("pin") ?? undefined;
  if (pin !== undefined && !/^[A-Za-z0-9_-]{43}$/.test(pin))
    throw wrong("pin should be 43 letters of base64url");
  const stranger = [...parts.keys()].find((key) => key !== "srv" && key !== "pin");
  if (stranger !== undefined) throw wrong(`unknown part ${JSON.stringify(stranger)}`);
  return { origin: url.origin, server, pin };
}

/** The line again, as `mypaas remote list` shows it. */
export const formatRemoteLine = ({ origin, server, pin }: RemoteAddress): string =>
  `${origin}#srv=${server}${pin === undefined ? "" : `&pin=${pin}`}`;

/** `https://host[:port]` for a host name or an address; an IPv6 address without brackets. */
export const originOf = (host: string, port: number): string =>
  `https://${host.includes(":") ? `[${host}]` : host}${port === 443 ? "" : `:${port}`}`;
