import type { InstanceConfig } from "./instance.ts";
import { inRange, readRange, type RangeReading } from "./ranges.ts";

/**
 * Addresses from which Cloudflare connects to servers.
 * Source: https://www.cloudflare.com/ips-v4 and https://www.cloudflare.com/ips-v6, as of 2023-09-28, their last change.
 */
const cloudflare: readonly string[] = [
  "173.245.48.0/20",
  "103.21.244.0/22",
  "103.22.200.0/22",
  "103.31.4.0/22",
  "141.101.64.0/18",
  "108.162.192.0/18",
  "190.93.240.0/20",
  "188.114.96.0/20",
  "197.234.240.0/22",
  "198.41.128.0/17",
  "162.158.0.0/15",
  "104.16.0.0/13",
  "104.24.0.0/14",
  "172.64.0.0/13",
  "131.0.72.0/22",
  "2400:cb00::/32",
  "2606:4700::/32",
  "2803:f800::/32",
  "2405:b500::/32",
  "2405:8100::/32",
  "2a06:98c0::/29",
  "2c0f:f248::/32",
];

/** Proxies that can be named by a word, with their addresses. */
const named: Readonly<Record<string, readonly string[]>> = { cloudflare };

type Trust = Pick<InstanceConfig, "trustProxy">;

/** Reads one value of `--trust-proxy`: a known name, an address or a range. */
export function readTrustedProxy(text: string): RangeReading {
  const name = text.toLowerCase();
  return Object.hasOwn(named, name) ? { range: name } : readRange(text);
}

/** True when a proxy in front of this server may say who the client is. */
export const trustsProxies = ({ trustProxy = [] }: Trust): boolean => trustProxy.length > 0;

/** The addresses of all trusted proxies, names resolved. */
export const trustedRanges = ({ trustProxy = [] }: Trust): readonly string[] =>
  trustProxy.flatMap((one) => named[one] ?? [one]);

/** True when a program on this server itself is a trusted proxy. Docker shows its IPv4 connections with the address of the network's gateway. */
export const trustsLocalProxy = (config: Trust): boolean =>
  trustedRanges(config).some((range) => loopback.some((address) => inRange(range, address)));

/** How programs on this server reach it. */
export const loopback = ["127.0.0.1", "::1"] as const;

/** The facts of the configuration that the routing depends on; none of them for a server as 0.1.0 set it up. */
export const urlsAndTrust = (
  config: Pick<InstanceConfig, "trustProxy" | "urls" | "registry" | "api" | "domain">,
) => ({
  ...(trustsProxies(config) && { trusted: trustedRanges(config) }),
  ...(config.urls === "kept" && { keepsPaths: true }),
  ...(config.registry === true && config.domain !== undefined && { imagesAt: config.domain }),
  ...(config.api === true && config.domain !== undefined && { apiAt: config.domain }),
});
