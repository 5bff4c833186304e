import { command, hint } from "../hints.ts";
import type { InstanceConfig } from "../server/instance.ts";
import { trustsProxies } from "../server/trusted-proxies.ts";
import { shortList } from "../format.ts";
import { failed, ok, type Finding } from "./check.ts";

type Trust = Pick<InstanceConfig, "trustProxy">;

/** Shows which proxies may say who the client is. */
export const judgeTrust = ({ trustProxy = [] }: Trust): Finding =>
  ok(
    trustProxy.length === 0
      ? "none: clients cannot set X-Forwarded headers"
      : `${shortList(trustProxy)} may set X-Forwarded headers`,
  );

/** Judges the answer to `https://host/` through a proxy in front; `location` is where it redirects to. A redirect to itself comes from a proxy that asks this server by http. */
export function judgeLoop(seen: {
  readonly host: string;
  readonly location: string | undefined;
  readonly trust: Trust;
}): Finding | undefined {
  const { host, location, trust } = seen;
  const url = location === undefined ? undefined : URL.parse(location, `https://${host}/`);
  if (url?.protocol !== "https:" || url.hostname !== host || url.pathname !== "/") return undefined;
  const facts = `https://${host}/ redirects to itself: the proxy asks this server by http`;
  if (trustsProxies(trust))
    return failed(
      `${facts}, and is not trusted or does not send X-Forwarded-Proto`,
      "let the proxy connect by https; at Cloudflare, SSL/TLS mode: Full (strict)",
    );
  return failed(
    facts,
    hint`let the proxy connect by https (at Cloudflare, SSL/TLS mode: Full (strict)), or trust it, on the server: sudo ${command("init --trust-proxy cloudflare")}`,
  );
}
