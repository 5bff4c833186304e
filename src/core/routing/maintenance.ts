import { pageContainerName } from "../release/names.ts";
import { pagePort } from "../server/page-container.ts";
import type { DynamicDraft } from "./dynamic-draft.ts";
import type { RoutePlan } from "./release-routing.ts";
import type { Maintenance, ServerFacts } from "./routing-state.ts";
import type { MiddlewareConfig, ServersTransportConfig } from "./traefik-config.ts";
import { maintenancePriority } from "./routes.ts";
import { emptyService } from "./waiting.ts";

/** Request header with which the worker passes by the maintenance of a service, to prove a cut-over. */
export const passHeader = "X-Mypaas-Pass";

const retryAfterSeconds = 60;

/** Answers 503 with a page at a route, for everyone without the pass. */
export function closeRoute(
  file: DynamicDraft,
  { instance }: ServerFacts,
  { plan, maintenance }: { readonly plan: RoutePlan; readonly maintenance: Maintenance },
): void {
  const page = `maintenance-${plan.config.service}`;
  file.add({
    middlewares: { maintenance: around, [page]: pageFor(maintenance) },
    services: {
      page: {
        loadBalancer: {
          servers: [{ url: `http://${pageContainerName(instance)}:${pagePort}` }],
          serversTransport: "page",
        },
      },
    },
    serversTransports: { page: quick },
  });
  file.outrank("maintenance", plan, {
    priority: maintenancePriority(plan.route),
    rule: `${plan.config.rule} && !Header(\`${passHeader}\`, \`${maintenance.pass}\`)`,
    target: { service: emptyService, middlewares: ["maintenance", page] },
  });
}

/** Traefik asks for the page with a request of its own, which carries nothing of the visitor's but Accept. */
const pageFor = ({ text }: Maintenance): MiddlewareConfig => ({
  errors: {
    status: ["503"],
    service: "page",
    query: `/?text=${Buffer.from(text).toString("base64url")}`,
    errorRequestHeaders: ["Accept"],
  },
});

/** Set by Traefik, so that a page that was taken over could run no script and set no cookie at the host of a service. */
const around: MiddlewareConfig = {
  headers: {
    customResponseHeaders: {
      "Retry-After": String(retryAfterSeconds),
      "Cache-Control": "no-store",
      "Content-Security-Policy":
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; frame-ancestors 'none'; sandbox",
      "X-Content-Type-Options": "nosniff",
      // An empty value takes a header away.
      "Set-Cookie": "",
      "Clear-Site-Data": "",
      Refresh: "",
      Location: "",
      Link: "",
      "Strict-Transport-Security": "",
    },
  },
};

/** A page that does not answer leaves the 503 without a text. */
const quick: ServersTransportConfig = {
  forwardingTimeouts: {
    dialTimeout: "300ms",
    idleConnTimeout: "1s",
    responseHeaderTimeout: "2s",
  },
};
