import { receiverContainerName } from "../release/names.ts";
import { receiverPort } from "../server/instance.ts";
import { apiBase } from "../api/endpoint.ts";
import { registryBase } from "../registry/paths.ts";
import { wireBase } from "../wire/protocol.ts";
import type { DynamicDraft } from "./dynamic-draft.ts";
import { routeRule } from "./routes.ts";
import type { ServerFacts } from "./routing-state.ts";
import { emptyService } from "./waiting.ts";

/** Above every hold; hosts and paths have at most some hundred characters. */
const receiverPriority = 1_000_000_000_000;

/** Adds the routers of the server itself: the receiver, the answer for unknown hosts, certificate requests, and its id. */
export function addServer(file: DynamicDraft, server: ServerFacts): void {
  const receiver = `http://${receiverContainerName(server.instance)}:${receiverPort}`;
  file.add({
    services: {
      [emptyService]: { loadBalancer: { servers: [] } },
      receiver: { loadBalancer: { servers: [{ url: receiver }] } },
    },
  });
  file.route("receiver", {
    entryPoints: ["websecure"],
    rule: `PathPrefix(\`${wireBase}/\`)`,
    priority: receiverPriority,
    service: "receiver",
    tls: {},
  });
  const doors = [
    { name: "images", host: server.imagesAt, base: registryBase },
    { name: "api", host: server.apiAt, base: `${apiBase}/` },
  ];
  for (const { name, host, base } of doors)
    if (host !== undefined)
      file.route(name, {
        entryPoints: ["websecure"],
        rule: `${routeRule({ host, path: "" })} && PathPrefix(\`${base}\`)`,
        priority: receiverPriority,
        service: "receiver",
        tls: {},
      });
  const catchAll = { rule: "PathPrefix(`/`)", priority: 1, service: emptyService };
  file.route("nobody-http", { entryPoints: ["web"], ...catchAll });
  file.route("nobody-https", { entryPoints: ["websecure"], ...catchAll, tls: {} });
  if (server.server !== undefined) addHere(file, server.server);
  for (const { host, resolver } of server.certificateRequests ?? [])
    // Only requests the certificate: every other router outranks it.
    file.route(certificateRouter(host), {
      entryPoints: ["websecure"],
      rule: routeRule({ host, path: "" }),
      priority: 2,
      service: emptyService,
      tls: { certResolver: resolver },
    });
}

/** Name of the router that makes Traefik request the certificate of a host. */
export const certificateRouter = (host: string): string => `certificate-${host}`;

/** Answers with the server's id on port 80, to prove that a name leads here before a CA checks it. */
function addHere(file: DynamicDraft, server: string): void {
  file.add({
    middlewares: { here: { headers: { customResponseHeaders: { [hereHeader]: server } } } },
  });
  file.route("here", {
    entryPoints: ["web"],
    rule: `PathPrefix(\`${wireBase}/\`)`,
    priority: receiverPriority,
    service: emptyService,
    middlewares: ["here"],
  });
}

/** Response header with the server's id, at the protocol's path on the http port. */
export const hereHeader = "X-Mypaas-Server";
