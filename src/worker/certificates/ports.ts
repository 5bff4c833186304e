import type { HostRecord, Served, Trouble } from "../../core/certificates/record.ts";
import type { WantedHost } from "../../core/certificates/wanted.ts";
import type { KeyPair } from "../../core/routing/routing-state.ts";
import type { InstanceConfig } from "../../core/server/instance.ts";
import type { State } from "../../adapters/state/state.ts";
import type { CertificateFacts, TraefikRouter } from "../../adapters/traefik/router.ts";
import type { Clock, Router } from "../../deploy/ports.ts";

/** How a CA checks a name: a file on port 80, or a DNS record. */
export type Challenge = "http" | "dns";

/** What the certificates need of the worker. */
export interface CertificateParts {
  readonly state: State;
  readonly config: InstanceConfig;
  readonly clock: Clock;
  readonly router: TraefikRouter;
  readonly engineSocket: string;
}

/** The interfaces that the certificate manager needs. */
export interface CertificatePorts {
  readonly clock: Clock;
  /** Every host that wants https now. */
  readonly wanted: () => readonly WantedHost[];
  /** Every host with a route, also over http; a former https host is still probed. */
  readonly servedHosts: () => readonly string[];
  /** The possible challenges of this server; undefined without an email address, when no CA is asked. */
  readonly challenges: readonly Challenge[] | undefined;
  readonly records: {
    readonly read: () => readonly HostRecord[];
    readonly put: (record: HostRecord) => void;
    readonly remove: (host: string) => void;
  };
  /** Fingerprints of the manual certificates. */
  readonly manualFingerprints: () => ReadonlySet<string>;
  /** The manual certificates that have not ended. */
  readonly manualPairs: () => readonly KeyPair[];
  /** The certificate that Traefik serves for a host; undefined without an answer. */
  readonly probe: (host: string) => Promise<Served | undefined>;
  /** The reason for which the CA would refuse. */
  readonly preflight: (host: string, challenge: Challenge) => Promise<Trouble | undefined>;
  readonly serve: (facts: CertificateFacts) => Promise<void>;
  readonly confirm: Router["confirm"];
  /** The CA's refusal of a host since a time, from Traefik's log; undefined without one. */
  readonly refusal: (host: string, since: number) => Promise<Trouble | undefined>;
}
