import type { Trouble } from "./record.ts";

/** Facts about a host before the CA is asked for its certificate. */
export interface PreflightFacts {
  /** May be a wildcard, which needs the challenge `dns`. */
  readonly host: string;
  readonly challenge: "http" | "dns";
  /** Answers of the resolvers, named such as `1.1.1.1` or `this server's resolver`; undefined without an answer. */
  readonly answers: readonly {
    readonly resolver: string;
    readonly addresses: readonly string[] | undefined;
  }[];
  /** Known addresses of this server. */
  readonly own: readonly string[];
  /** Addresses of `init --address`; this server may not reach them from inside. */
  readonly declared?: readonly string[];
  /** Answer on port 80 of each address, for a request for this host. */
  readonly seen: readonly { readonly address: string; readonly answer: PortAnswer }[];
  /** Values of the CAA records that apply to the host; empty without records, undefined without an answer. */
  readonly caa: readonly string[] | undefined;
  /** Names of the CA in CAA records; undefined when its directory has none. */
  readonly caIdentities: readonly string[] | undefined;
  /** Error of the CA's directory; undefined when it could be read. */
  readonly caTrouble: string | undefined;
}

export type PortAnswer =
  | { readonly kind: "here" }
  /** Another server, such as `status 404 from nginx`. */
  | { readonly kind: "other"; readonly what: string }
  /** A reason such as `connection refused`. */
  | { readonly kind: "unreachable"; readonly why: string };

/** The reason for which the CA would refuse; it is not asked then. */
export interface PreflightTrouble extends Trouble {
  readonly kind: "dns" | "port" | "caa" | "ca";
  readonly hint: string;
}
