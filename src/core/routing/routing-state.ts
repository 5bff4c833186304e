import type { Release } from "../release/release.ts";
import type { Users } from "./middlewares.ts";
import type { RoutingServer } from "./release-routing.ts";

/** All facts that decide where requests go; the dynamic file is a function of this state alone. */
export interface RoutingState {
  readonly server: ServerFacts;
  /** The release of each service without a switch. */
  readonly live: readonly Release[];
  readonly switches: readonly Switch[];
  /** Releases of stopped services; their routes answer 503. */
  readonly stopped?: readonly Release[];
  /** Services whose routes answer 503 with a page. */
  readonly maintenance?: readonly Maintenance[];
  /** Routes that one service took over from another. */
  readonly takeovers?: readonly Takeover[];
}

export interface ServerFacts extends RoutingServer {
  /** Id of the server, which it looks for on port 80 of its own names. */
  readonly server?: string;
  /** Certificate and key (PEM) for every name without its own. */
  readonly certificate?: KeyPair;
  /** Manual certificates with their chains. */
  readonly manualCertificates?: readonly KeyPair[];
  /** True when Traefik leaves paths as clients sent them. */
  readonly keepsPaths?: boolean;
  /** The host on which images are taken in; undefined where that door is closed. */
  readonly imagesAt?: string;
  /** The host on which the API answers at its short path. */
  readonly apiAt?: string;
  /** Passwords of the users of services. */
  readonly users?: Users;
  /** Hosts whose certificate is being requested from the CA. */
  readonly certificateRequests?: readonly CertificateRequest[];
}

export interface KeyPair {
  readonly cert: string;
  readonly key: string;
}

/** A host, and the resolver of `traefik/traefik.yml` that requests its certificate. */
export interface CertificateRequest {
  readonly host: string;
  readonly resolver: string;
}

/** One switch of a service. `held` until the cut-over, `cut-over` until the old containers are removed. */
export interface Switch {
  readonly service: string;
  readonly to: Release;
  readonly from: Release | undefined;
  /** `serving`: the old release answers meanwhile. `wait`: requests wait for the release that is ready first. */
  readonly mode: "serving" | "wait";
  readonly phase: "held" | "cut-over";
}

/** A service whose visitors are sent away for a while, though it runs. */
export interface Maintenance {
  readonly service: string;
  /** The text of the page; may be empty. */
  readonly text: string;
  /** Milliseconds since the epoch. */
  readonly since: number;
  /** Random hex digits that the worker sends to pass by. */
  readonly pass: string;
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
