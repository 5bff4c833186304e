import { UserError } from "../../core/errors.ts";
import { command, hint } from "../../core/hints.ts";
import { isAddress, isIPv4 } from "../../core/server/addresses.ts";
import type { InstanceConfig } from "../../core/server/instance.ts";
import { everyAddress, familyOf } from "../../core/server/listening.ts";
import { canonicalAddress } from "../../core/server/ranges.ts";
import { readTrustedProxy } from "../../core/server/trusted-proxies.ts";
import { refused } from "./refused.ts";

/** The options of `init` about what stands between clients and services. */
export interface NetworkOptions {
  readonly bind?: readonly string[];
  readonly trustProxy?: readonly string[];
  readonly urls?: string;
}

type Network = Pick<InstanceConfig, "bind" | "trustProxy" | "urls">;

/** Addresses, trusted proxies and the handling of URLs, from the options, then from before, then from the defaults of a new server; throws UserError for a value that cannot be. */
export function wantedNetwork(
  options: NetworkOptions,
  before: Network | undefined,
  hasIPv6: boolean,
): Network {
  const trustProxy = wantedTrust(options.trustProxy, before?.trustProxy);
  const urls = wantedUrls(options.urls, before);
  const bind = options.bind === undefined ? before?.bind : wantedBind(options.bind);
  return {
    bind: bind ?? (hasIPv6 ? everyAddress : everyAddress[0]),
    ...(trustProxy === undefined ? {} : { trustProxy }),
    ...(urls === undefined ? {} : { urls }),
  };
}

/** One IPv4 address stays a text, which versions up to 0.1.0 read too. `0.0.0.0` and `::` have all others of their family. */
function wantedBind(given: readonly string[]): InstanceConfig["bind"] {
  const all = [...new Set(given.map(readBind))];
  const wide = everyAddress.filter((every) => all.includes(every));
  const isCovered = (address: string): boolean =>
    wide.some((every) => every !== address && familyOf(every) === familyOf(address));
  const addresses = all.filter((address) => !isCovered(address));
  const [only] = addresses;
  return addresses.length === 1 && only !== undefined && isIPv4(only) ? only : addresses;
}

function readBind(text: string): string {
  const address = isAddress(text) ? canonicalAddress(text) : undefined;
  // An IPv4 address inside IPv6 is one of the two; which is not to be guessed.
  if (address !== undefined && isIPv4(address) === isIPv4(text)) return address;
  throw refused("bind", "IP addresses such as 0.0.0.0 and ::", text);
}

function wantedTrust(
  given: readonly string[] | undefined,
  before: readonly string[] | undefined,
): readonly string[] | undefined {
  if (given === undefined) return before;
  if (given.every((text) => text === "none")) return undefined;
  const ranges = given.map((text) => {
    const read = readTrustedProxy(text);
    if ("range" in read) return read.range;
    throw new UserError(`--trust-proxy ${JSON.stringify(text.slice(0, 60))}: ${read.problem}`, {
      code: "usage",
      hint: hint`name the proxies alone, or none: ${command("init --trust-proxy cloudflare")}`,
    });
  });
  return [...new Set(ranges)];
}

function wantedUrls(given: string | undefined, before: Network | undefined): "kept" | undefined {
  if (given === undefined) return before === undefined ? "kept" : before.urls;
  if (given === "kept") return "kept";
  if (given === "cleaned") return undefined;
  throw refused("urls", "kept or cleaned", given);
}
