import { oneLine } from "./foreign-text.ts";
import { judgeAddresses } from "./preflight-addresses.ts";
import type { PreflightFacts, PreflightTrouble } from "./preflight-facts.ts";

/** The first reason for which the CA would refuse; undefined when it may be asked. */
export function judgePreflight(facts: PreflightFacts): PreflightTrouble | undefined {
  const addresses = facts.challenge === "http" ? judgeAddresses(facts) : undefined;
  return addresses ?? judgeCaa(facts) ?? judgeCa(facts);
}

/** RFC 8659: records that name only other CAs forbid this one. Parameters follow a semicolon; without a name, every CA is forbidden. */
function judgeCaa({ host, caa, caIdentities }: PreflightFacts): PreflightTrouble | undefined {
  const [wanted] = caIdentities ?? [];
  if (caa === undefined || caa.length === 0 || wanted === undefined) return undefined;
  const allowed = caa.map((value) => (value.split(";")[0] ?? "").trim().toLowerCase());
  if (caIdentities?.some((name) => allowed.includes(name.toLowerCase()))) return undefined;
  const named = [...new Set(allowed.filter(Boolean))];
  const found = named.length === 0 ? "no CA" : `only ${oneLine(named.join(", "), 120)}`;
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
    hint: "let this server reach the CA over https; mypaas tries again by itself",
  };
}
