import type { Release } from "../release/release.ts";
import type { RouteSpec } from "../release/spec.ts";
import type { RoutingServer } from "./release-routing.ts";
import { coversHost } from "./routes.ts";
import type { EntryPoint, MiddlewareConfig } from "./traefik-config.ts";

/** The redirect of a host on one entry point: straight to its place, and for now only while the certificate of that place is missing. */
export function redirectRegex(
  { spec }: Release,
  { to }: RouteSpec,
  { side, server }: { readonly side: EntryPoint; readonly server: RoutingServer },
): MiddlewareConfig {
  if (to === undefined) throw new Error("not a redirect");
  const isOwn = spec.routes.some((one) => one.to === undefined && coversHost(one.host, to.host));
  // Where mypaas serves the place itself, it answers over http until the certificate is there.
  const isSecured = server.secured?.some((host) => coversHost(host, to.host)) === true;
  const isEarly = to.https && isOwn && !isSecured;
  const isHttps = to.https && !isEarly;
  const usual = server.httpsPort === 443 ? "" : `:${server.httpsPort}`;
  // Over http the port of the request stays: another than the usual one is that of a server for development.
  const port = !isOwn ? "" : isHttps ? usual : side === "web" ? "${1}" : "";
  return {
    redirectRegex: {
      regex: String.raw`^https?://[^/:]+(:\d+)?/?(.*)$`,
      replacement: `${isHttps ? "https" : "http"}://${to.host}${port}${to.path}/\${2}`,
      permanent: !isEarly,
    },
  };
}

/** The same redirect, of which no client keeps anything; any other middleware unchanged. */
export function forNow(config: MiddlewareConfig): MiddlewareConfig {
  if ("redirectScheme" in config)
    return { redirectScheme: { ...config.redirectScheme, permanent: false } };
  if ("redirectRegex" in config)
    return { redirectRegex: { ...config.redirectRegex, permanent: false } };
  return config;
}
