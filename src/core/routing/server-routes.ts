import { receiverContainerName } from "../release/names.ts";
import { receiverPort } from "../server/instance.ts";
import { wireBase } from "../wire/protocol.ts";
import type { DynamicDraft } from "./dynamic-draft.ts";
import { routeRule } from "./routes.ts";
import type { ServerFacts } from "./routing-state.ts";
import { emptyService } from "./waiting.ts";

/** Above every hold; hosts and paths are at most some hundred characters long. */
const receiverPriority = 1_000_000_000_000;

/** What the server itself has in the file: the receiver, the answer where emptyService lives, who asks for a certificate, and how it knows itself. */
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
  const catchAll = { rule: "PathPrefix(`/`)", priority: 1, service: emptyService };
  file.route("nobody-http", { entryPoints: ["web"], ...catchAll });
  file.route("nobody-https", { entryPoints: ["websecure"], ...catchAll, tls: {} });
  if (server.server !== undefined) addHere(file, server.server);
  for (const { host, resolver } of server.certificateRequests ?? [])
    // Only asks for the certificate: everything else outranks it.
    file.route(certificateRouter(host), {
      entryPoints: ["websecure"],
      rule: routeRule({ host, path: "" }),
      priority: 2,
      service: emptyService,
      tls: { certResolver: resolver },
    });
}

/** Name of the router whose only purpose is that Traefik asks for the certificate of a host. */
export const certificateRouter = (host: string): string => `certificate-${host}`;

/** How the server knows itself on port 80 of a name, before it has anybody prove that to a CA. */
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

/** Response header that names the server, at the path of the protocol on the http port. */
export const hereHeader = "X-Mypaas-Server";
