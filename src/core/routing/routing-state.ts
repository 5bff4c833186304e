import type { Release } from "../release/release.ts";
import type { RoutingServer } from "./release-routing.ts";

/** Everything that decides where requests go; the dynamic file is a function of this and nothing else. */
export interface RoutingState {
  readonly server: ServerFacts;
  /** The release of each service that is not in a switch. */
  readonly live: readonly Release[];
  readonly switches: readonly Switch[];
  /** What services were stopped with: nobody answers at their places, whoever else would. */
  readonly stopped?: readonly Release[];
  /** Places that one service took over from another. */
  readonly takeovers?: readonly Takeover[];
}

export interface ServerFacts extends RoutingServer {
  /** Id of the server, by which it knows itself when it asks for a name over the internet. */
  readonly server?: string;
  /** Certificate and key (PEM) for every name that has none of its own. */
  readonly certificate?: KeyPair;
  /** Certificates that were added by hand, with their chains. */
  readonly manualCertificates?: readonly KeyPair[];
  /** Hosts that ask for a certificate by ACME at this moment. */
  readonly certificateRequests?: readonly CertificateRequest[];
}

export interface KeyPair {
  readonly cert: string;
  readonly key: string;
}

/** One host that asks, and the resolver of `traefik/traefik.yml` that does it. */
export interface CertificateRequest {
  readonly host: string;
  readonly resolver: string;
}

/** One service on its way from a release to the next; `held` until the cut-over, `cut-over` until the old containers are gone. */
export interface Switch {
  readonly service: string;
  readonly to: Release;
  readonly from: Release | undefined;
  readonly mode: "serving" | "wait";
  readonly phase: "held" | "cut-over";
}

/** A route that labels of a release still ask for, though another service has taken it over. */
export interface Takeover {
  readonly service: string;
  readonly release: number;
  readonly host: string;
  readonly path: string;
  /** Tag of the release that took the route, such as `new/1`. */
  readonly by: string;
}
