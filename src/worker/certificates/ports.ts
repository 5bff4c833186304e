import type { HostRecord, Served, Trouble } from "../../core/certificates/record.ts";
import type { WantedHost } from "../../core/certificates/wanted.ts";
import type { KeyPair } from "../../core/routing/routing-state.ts";
import type { CertificateFacts } from "../../adapters/traefik/router.ts";
import type { Clock, Router } from "../../deploy/ports.ts";

/** How a CA makes sure that a name is ours: a file on port 80, or a record in the DNS. */
export type Challenge = "http" | "dns";

/** What looking after certificates needs of the world. */
export interface CertificatePorts {
  readonly clock: Clock;
  /** Every host that wants https now. */
  readonly wanted: () => readonly WantedHost[];
  /** Every host that is served, over http alone too: one that had a certificate goes on being looked at. */
  readonly servedHosts: () => readonly string[];
  /** Which challenges this server can take; undefined while it has no email address, and asks nobody. */
  readonly challenges: readonly Challenge[] | undefined;
  readonly records: {
    readonly read: () => readonly HostRecord[];
    readonly put: (record: HostRecord) => void;
    readonly remove: (host: string) => void;
  };
  /** Fingerprints of the certificates that were added by hand. */
  readonly manualFingerprints: () => ReadonlySet<string>;
  /** Those of them that have not ended. */
  readonly manualPairs: () => readonly KeyPair[];
  /** What Traefik shows for a host; undefined while it does not answer. */
  readonly probe: (host: string) => Promise<Served | undefined>;
  /** Why the CA would refuse. */
  readonly preflight: (host: string, challenge: Challenge) => Promise<Trouble | undefined>;
  readonly serve: (facts: CertificateFacts) => Promise<void>;
  readonly confirm: Router["confirm"];
  /** Why the CA has refused a host since a moment; undefined while Traefik has not said so. */
  readonly refusal: (host: string, since: number) => Promise<Trouble | undefined>;
}
