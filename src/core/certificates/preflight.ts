import { oneLine } from "./foreign-text.ts";
import { judgeAddresses } from "./preflight-addresses.ts";
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
  readonly seen: readonly { readonly address: string; readonly answer: SeenAnswer }[];
  /** Values of the CAA property that applies to the host, empty when there is none; undefined: could not be asked. */
  readonly caa: readonly string[] | undefined;
  /** Names by which CAA records call the CA; undefined where it does not say. */
  readonly caIdentities: readonly string[] | undefined;
  /** Why the CA's directory could not be read; undefined when it could. */
  readonly caTrouble: string | undefined;
}

export type SeenAnswer =
  | { readonly kind: "here" }
  /** Somebody else, such as `status 404 from nginx`. */
  | { readonly kind: "other"; readonly what: string }
  /** A reason such as `connection refused`. */
  | { readonly kind: "nobody"; readonly why: string };

/** Why the CA would refuse, so that it is not asked. */
export interface PreflightTrouble extends Trouble {
  readonly kind: "dns" | "port" | "caa" | "ca";
  readonly hint: string;
}

/** The first thing for which the CA would refuse a certificate, or undefined when it may be asked. */
export function judgePreflight(facts: PreflightFacts): PreflightTrouble | undefined {
  const addresses = facts.challenge === "http" ? judgeAddresses(facts) : undefined;
  return addresses ?? judgeCaa(facts) ?? judgeCa(facts);
}

/** RFC 8659: a record that names others forbids it to this CA; parameters stand behind a semicolon, and nobody may issue where there is no name. */
function judgeCaa({ host, caa, caIdentities }: PreflightFacts): PreflightTrouble | undefined {
  const [wanted] = caIdentities ?? [];
  if (caa === undefined || caa.length === 0 || wanted === undefined) return undefined;
  const allowed = caa.map((value) => (value.split(";")[0] ?? "").trim().toLowerCase());
  if (caIdentities?.some((name) => allowed.includes(name.toLowerCase()))) return undefined;
  const named = [...new Set(allowed.filter(Boolean))];
  const found = named.length === 0 ? "nobody" : `only ${oneLine(named.join(", "), 120)}`;
  const property = host.startsWith("*.") ? "issuewild" : "issue";
  const record = `${host.replace(/^\*\./, "")} CAA 0 ${property} "${oneLine(wanted, 80)}"`;
  return {
    kind: "caa",
    about: "CAA",
    reason: `${host}: the CAA record allows ${found} to issue certificates, needed ${oneLine(wanted, 80)}`,
    hint: `add the record at your DNS provider: ${record}`,
  };
}

function judgeCa({ caTrouble }: PreflightFacts): PreflightTrouble | undefined {
  if (caTrouble === undefined) return undefined;
  return {
    kind: "ca",
    about: "CA away",
    reason: `the CA cannot be reached: ${oneLine(caTrouble, 200)}`,
    hint: "let this server reach the CA over https; it is asked again by itself",
  };
}
