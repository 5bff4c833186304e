import { command, hint, hintText } from "../hints.ts";
import { isIPv4, isLoopback } from "../server/addresses.ts";
import { listenToo } from "../server/listen-too.ts";
import { familyOf, type Family } from "../server/listening.ts";
import { oneLine } from "./foreign-text.ts";
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
  /** The one family that this server listens on; undefined for both. */
  readonly only?: Family | undefined;
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

type Elsewhere = Exclude<PortAnswer, { readonly kind: "here" }>;
interface Wrong {
  readonly address: string;
  readonly answer: Elsewhere;
}

const dns = (reason: string, hint: string): PreflightTrouble => ({
  kind: "dns",
  about: "waiting for DNS",
  reason,
  hint,
});

/** Why the CA would not reach this server at a host. A CA connects to port 80 of one address, IPv6 first. */
function judgeAddresses(facts: PreflightFacts): PreflightTrouble | undefined {
  const answered = facts.answers.flatMap(({ addresses }) => addresses ?? []);
  if (facts.answers.every(({ addresses }) => addresses === undefined)) return unanswered(facts);
  const found = [...new Map(answered.map((address) => [canonical(address), address])).values()];
  if (found.length === 0) return unknown(facts);
  const wrong = found.flatMap((address) => wrongAt(address, facts) ?? []);
  const known = ownAddresses(facts);
  const foreign = wrong.filter(({ address }) => !known.has(canonical(address)));
  if (foreign.length > 0) return elsewhere(facts, { found, foreign });
  const unheard = wrong.find(({ address }) => !isHeard(facts, address));
  if (unheard !== undefined) return unheardFamily(facts.host, unheard.address);
  const [closed] = wrong;
  return closed && closedPort(facts.host, closed);
}

function unanswered({ host, answers }: PreflightFacts): PreflightTrouble {
  const asked = answers.map(({ resolver }) => resolver).join(", ");
  const reason = `${host}: could not be looked up, no answer from ${asked || "any resolver"}`;
  return dns(reason, `look it up by hand: getent ahosts ${host}`);
}

function unknown(facts: PreflightFacts): PreflightTrouble {
  const target = targetOf(facts);
  const { host } = facts;
  const reason = `${host} has no address, expected ${target ?? "the address of this server"}`;
  return dns(reason, setRecord(host, target ?? "A ADDRESS"));
}

/** Only an answer of this server proves that an address leads here; behind a NAT its interfaces do not show it. */
function wrongAt(address: string, { seen, declared = [] }: PreflightFacts): Wrong | undefined {
  const same = canonical(address);
  const answer = seen.find((one) => canonical(one.address) === same)?.answer;
  if (answer === undefined) return { address, answer: { kind: "unreachable", why: "not probed" } };
  if (answer.kind === "here") return undefined;
  // Many routers do not route a connection from inside back to the server.
  const isUnreachableFromInside =
    answer.kind === "unreachable" && declared.some((one) => canonical(one) === same);
  return isUnreachableFromInside ? undefined : { address, answer };
}

function elsewhere(
  facts: PreflightFacts,
  { found, foreign }: { readonly found: readonly string[]; readonly foreign: readonly Wrong[] },
): PreflightTrouble {
  const { host } = facts;
  const records = foreign.slice(0, 3).map((one) => {
    const resolvers = resolversOf(one.address, facts);
    const by = resolvers === undefined ? "" : `, according to ${resolvers}`;
    return `${recordOf(one.address)} leads elsewhere (${answerText(one.answer)}${by})`;
  });
  const more = foreign.length - records.length;
  const isOnlyIPv6 = found.some(isIPv4) && foreign.every(({ address }) => !isIPv4(address));
  const expected = expectedFor(facts, foreign);
  const reason =
    `${host}: ${records.join(", ")}${more > 0 ? ` and ${more} more` : ""}, expected ${expected}` +
    (isOnlyIPv6 ? "; the CA takes IPv6 first" : "");
  return dns(reason, elsewhereHint(facts, foreign));
}

function expectedFor(facts: PreflightFacts, foreign: readonly Wrong[]): string {
  const hasIPv4 = foreign.some(({ address }) => isIPv4(address));
  const same = targetOf(facts, hasIPv4 ? "A" : "AAAA");
  if (same !== undefined) return same;
  const other = targetOf(facts);
  return other === undefined ? "the address of this server" : `${other} alone`;
}

function elsewhereHint(facts: PreflightFacts, foreign: readonly Wrong[]): string {
  const { host } = facts;
  const [first] = foreign;
  const kind = first === undefined || isIPv4(first.address) ? "A" : "AAAA";
  const isSilent = first?.answer.kind === "unreachable";
  const isKnownOutside = outside(facts).some((one) => !isPrivate(one) && kindOf(one) === kind);
  // A server behind a NAT knows only its inner address, and may not reach its outer one.
  if (first !== undefined && kind === "A" && isSilent && !isKnownOutside)
    return hintText(
      hint`if this server has that address, run: ${command(`init --address ${first.address}`)}; else ${setRecord(host, targetOf(facts, "A") ?? "A ADDRESS")}`,
    );
  const target = targetOf(facts, kind);
  if (first === undefined) return setRecord(host, target ?? `${kind} ADDRESS`);
  const wrong = recordOf(first.address);
  const lists = facts.answers.map(({ addresses = [] }) => addresses.map(recordOf));
  const hasRight = (one: readonly string[]): boolean =>
    target !== undefined && one.includes(target);
  // A wrong record beside the right one is deleted, and also one of a kind that this server has no address of.
  const isTooMany =
    lists.some((one) => hasRight(one) && one.includes(wrong)) ||
    (target === undefined && targetOf(facts) !== undefined);
  if (isTooMany) return `delete the record at your DNS provider: ${host} ${wrong}`;
  if (lists.some(hasRight))
    return "wait until every DNS server has the new record; mypaas tries again by itself";
  return setRecord(host, target ?? `${kind} ADDRESS`);
}

const isHeard = ({ only }: PreflightFacts, address: string): boolean =>
  only === undefined || familyOf(address) === only;

function unheardFamily(host: string, address: string): PreflightTrouble {
  return {
    kind: "port",
    about: "port 80",
    reason: `${host}: ${recordOf(address)} leads to this server, which does not listen on ${familyOf(address)}${isIPv4(address) ? "" : "; the CA takes IPv6 first"}`,
    hint: hintText(listenToo(host, address)),
  };
}

function closedPort(host: string, { address, answer }: Wrong): PreflightTrouble {
  const isOther = answer.kind === "other";
  const text = answerText(answer);
  return {
    kind: "port",
    about: "port 80",
    reason: `port 80 of ${address}: ${isOther ? `another server answers for ${host}, ${text}` : text}`,
    hint: isOther
      ? "see which program has the port: ss -ltnp 'sport = :80'"
      : `open port 80 in the firewalls of this server and of its provider, then try from another machine: curl -sI http://${host}/`,
  };
}

const answerText = (answer: Elsewhere): string =>
  oneLine(answer.kind === "other" ? answer.what : answer.why, 100);

/** The resolvers with this address, when not all that know the host have it. */
function resolversOf(address: string, { answers }: PreflightFacts): string | undefined {
  const same = canonical(address);
  const knowing = answers.filter(({ addresses = [] }) => addresses.length > 0);
  const saying = knowing.filter(({ addresses = [] }) =>
    addresses.some((one) => canonical(one) === same),
  );
  if (saying.length === knowing.length) return undefined;
  return saying.map(({ resolver }) => resolver).join(" and ");
}

/** The expected record, such as `A 198.51.100.4`, of one kind or of any. */
function targetOf(facts: PreflightFacts, kind?: "A" | "AAAA"): string | undefined {
  const fitting = outside(facts).filter((one) => kind === undefined || kindOf(one) === kind);
  const best = fitting.find((one) => isIPv4(one)) ?? fitting[0];
  return best && recordOf(best);
}

/** Addresses for a record, best first: declared ones, else public ones, else all that others can reach. */
function outside(facts: PreflightFacts): readonly string[] {
  const { own, declared = [] } = facts;
  const open = own.filter(
    (one) => !isLoopback(one) && !/^fe[89ab]/i.test(one) && isHeard(facts, one),
  );
  const open4 = better(open.filter(isIPv4));
  const open6 = better(open.filter((one) => !isIPv4(one)));
  const kinds = new Set(declared.map(kindOf));
  return [...declared, ...[...open4, ...open6].filter((one) => !kinds.has(kindOf(one)))];
}

function better(addresses: readonly string[]): readonly string[] {
  const open = addresses.filter((one) => !isPrivate(one));
  return open.length > 0 ? open : addresses;
}

/** RFC 1918, RFC 6598, link-local and unique local addresses: no CA on the internet reaches them. */
const isPrivate = (address: string): boolean =>
  /^(?:10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.|169\.254\.)/.test(
    address,
  ) || /^(?:fc|fd|fe[89ab])/i.test(address);

const ownAddresses = ({ own, declared = [] }: PreflightFacts): ReadonlySet<string> =>
  new Set([...own, ...declared].map(canonical));

function setRecord(host: string, record: string): string {
  const inFront = isPrivate(record.replace(/^A+ /, ""))
    ? ", or the public address in front of it"
    : "";
  return `set the record at your DNS provider: ${host} ${record}${inFront}`;
}

const kindOf = (address: string): "A" | "AAAA" => (isIPv4(address) ? "A" : "AAAA");
const recordOf = (address: string): string => `${kindOf(address)} ${address}`;

/** An IPv6 address can be written in several ways. */
function canonical(address: string): string {
  const url = isIPv4(address) ? null : URL.parse(`http://[${address}]/`);
  return url === null ? address.toLowerCase() : url.hostname.slice(1, -1);
}
