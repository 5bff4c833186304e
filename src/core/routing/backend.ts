import type { RoutePlan } from "./release-routing.ts";
import type { ServiceConfig } from "./traefik-config.ts";

/** The servers of a service: labels of replicas bring them to Traefik, or the dynamic file lists them. */
export type Backend =
  | { readonly kind: "labels"; readonly service: string }
  | {
      readonly kind: "servers";
      readonly service: string;
      readonly urls: readonly string[];
      /** Middlewares of the service itself. */
      readonly middlewares: readonly string[];
      readonly transport: string;
    };

/** The backend of a router. The replicas have labels; an engine without labels would list their addresses here. */
export const backendOf = ({ config }: RoutePlan): Backend => ({
  kind: "labels",
  service: config.service,
});

/** The name by which routers and services of the file refer to a backend. */
export const backendName = ({ kind, service }: Backend): string =>
  kind === "labels" ? `${service}@docker` : service;

/** The services that the file needs for a backend, by name. */
export function backendServices(backend: Backend): Readonly<Record<string, ServiceConfig>> {
  if (backend.kind === "labels") return {};
  const { service, urls, middlewares, transport: serversTransport } = backend;
  const servers = urls.map((url) => ({ url }));
  return { [service]: { middlewares, loadBalancer: { servers, serversTransport } } };
}
