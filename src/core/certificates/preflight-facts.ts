import type { Trouble } from "./record.ts";

/** What was found out about a host before the CA is asked for it. */
export interface PreflightFacts {
  /** May be a wildcard, which only the challenge `dns` can prove. */
  readonly host: string;
  readonly challenge: "http" | "dns";
  /** What each asked resolver says, by a label such as `1.1.1.1` or `this server's resolver`; undefined where it did not answer. */
  readonly answers: readonly {
    readonly resolver: string;
    readonly addresses: readonly string[] | undefined;
  }[];
  /** Addresses of this server as far as it knows them. */
  readonly own: readonly string[];
  /** Addresses named with `init --address`: this server's too, although it may not reach them from inside. */
  readonly declared?: readonly string[];
  /** Who answers on port 80 of each address found when this host is asked for. */
  readonly seen: readonly { readonly address: string; readonly answer: PortAnswer }[];
  /** Values of the CAA property that applies to the host, empty when there is none; undefined: could not be asked. */
  readonly caa: readonly string[] | undefined;
  /** Names by which CAA records call the CA; undefined where it does not say. */
  readonly caIdentities: readonly string[] | undefined;
  /** Why the CA's directory could not be read; undefined when it could. */
  readonly caTrouble: string | undefined;
}

export type PortAnswer =
  | { readonly kind: "here" }
  /** Somebody else, such as `status 404 from nginx`. */
  | { readonly kind: "other"; readonly what: string }
  /** A reason such as `connection refused`. */
  | { readonly kind: "unreachable"; readonly why: string };

/** Why the CA would refuse, so that it is not asked. */
export interface PreflightTrouble extends Trouble {
  readonly kind: "dns" | "port" | "caa" | "ca";
  readonly hint: string;
}
