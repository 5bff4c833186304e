import { isIPv4, isLoopback } from "../server/addresses.ts";
import { oneLine } from "./foreign-text.ts";
import type { PreflightFacts, PreflightTrouble, SeenAnswer } from "./preflight.ts";
import { command, hint, hintText } from "../hints.ts";

type Elsewhere = Exclude<SeenAnswer, { readonly kind: "here" }>;
interface Wrong {
  readonly address: string;
  readonly answer: Elsewhere;
}

const about = { dns: "waiting for DNS", port: "port 80" } as const;

/** Why the CA would not find this server at a host; a CA asks on port 80 of one address, and takes IPv6 first. */
export function judgeAddresses(facts: PreflightFacts): PreflightTrouble | undefined {
  const answered = facts.answers.flatMap(({ addresses }) => addresses ?? []);
  if (facts.answers.every(({ addresses }) => addresses === undefined)) return unanswered(facts);
  const found = [...new Map(answered.map((address) => [canonical(address), address])).values()];
  if (found.length === 0) return unknown(facts);
  const wrong = found.flatMap((address) => wrongAt(address, facts) ?? []);
  const mine = ownAddresses(facts);
  const strange = wrong.filter(({ address }) => !mine.has(canonical(address)));
  if (strange.length > 0) return elsewhere(facts, { found, strange });
  const [closed] = wrong;
  return closed && closedPort(facts.host, closed);
}

function unanswered({ host, answers }: PreflightFacts): PreflightTrouble {
  const asked = answers.map(({ resolver }) => resolver).join(", ");
  return {
    kind: "dns",
    about: about.dns,
    reason: `${host}: could not be looked up, no answer from ${asked || "any resolver"}`,
    hint: `ask by hand: getent ahosts ${host}`,
  };
}

function unknown(facts: PreflightFacts): PreflightTrouble {
  const target = targetOf(facts);
  const { host } = facts;
  return {
    kind: "dns",
    about: about.dns,
    reason: `${host} has no address, expected ${target ?? "the address of this server"}`,
    hint: setRecord(host, target ?? "A ADDRESS"),
  };
}

/** Proof that an address leads here is only that this server answers there, whatever it knows of itself (NAT). */
function wrongAt(address: string, { seen, declared = [] }: PreflightFacts): Wrong | undefined {
  const same = canonical(address);
  const answer = seen.find((one) => canonical(one.address) === same)?.answer;
  if (answer === undefined) return { address, answer: { kind: "nobody", why: "was not asked" } };
  if (answer.kind === "here") return undefined;
  // Many routers do not lead back in what came from inside.
  const isUnreachableFromInside =
    answer.kind === "nobody" && declared.some((one) => canonical(one) === same);
  return isUnreachableFromInside ? undefined : { address, answer };
}

function elsewhere(
  facts: PreflightFacts,
  { found, strange }: { readonly found: readonly string[]; readonly strange: readonly Wrong[] },
): PreflightTrouble {
  const { host } = facts;
  const records = strange.slice(0, 3).map((one) => {
    const who = resolversOf(one.address, facts);
    const by = who === undefined ? "" : `, says ${who}`;
    return `${recordOf(one.address)} leads elsewhere (${answerText(one.answer)}${by})`;
  });
  const more = strange.length - records.length;
  const isSixAlone = found.some(isIPv4) && strange.every(({ address }) => !isIPv4(address));
  const expected = expectedFor(facts, strange);
  const reason =
    `${host}: ${records.join(", ")}${more > 0 ? ` and ${more} more` : ""}, expected ${expected}` +
    (isSixAlone ? "; the CA takes IPv6 first" : "");
  return { kind: "dns", about: about.dns, reason, hint: elsewhereHint(facts, strange) };
}

function expectedFor(facts: PreflightFacts, strange: readonly Wrong[]): string {
  const isFour = strange.some(({ address }) => isIPv4(address));
  const same = targetOf(facts, isFour ? "A" : "AAAA");
  if (same !== undefined) return same;
  const other = targetOf(facts);
  return other === undefined ? "the address of this server" : `${other} alone`;
}

function elsewhereHint(facts: PreflightFacts, strange: readonly Wrong[]): string {
  const { host } = facts;
  const [first] = strange;
  const kind = first === undefined || isIPv4(first.address) ? "A" : "AAAA";
  const isSilent = first?.answer.kind === "nobody";
  const isKnownOutside = outside(facts).some((one) => !isPrivate(one) && kindOf(one) === kind);
  // A server behind a NAT knows only its inner address, and may not reach its outer one.
  if (first !== undefined && kind === "A" && isSilent && !isKnownOutside)
    return hintText(
      hint`if that is the address of this server, say so: ${command(`init --address ${first.address}`)}; else ${setRecord(host, targetOf(facts, "A") ?? "A ADDRESS")}`,
    );
  const target = targetOf(facts, kind);
  if (first === undefined) return setRecord(host, target ?? `${kind} ADDRESS`);
  const wrong = recordOf(first.address);
  const lists = facts.answers.map(({ addresses = [] }) => addresses.map(recordOf));
  const hasRight = (one: readonly string[]): boolean =>
    target !== undefined && one.includes(target);
  // Beside the right record, or where this server has no address of that kind, the wrong one is one too many.
  const isTooMany =
    lists.some((one) => hasRight(one) && one.includes(wrong)) ||
    (target === undefined && targetOf(facts) !== undefined);
  if (isTooMany) return `delete the record at your DNS provider: ${host} ${wrong}`;
  if (lists.some(hasRight))
    return "wait until every DNS server has the new record; nothing has to be typed";
  return setRecord(host, target ?? `${kind} ADDRESS`);
}

function closedPort(host: string, { address, answer }: Wrong): PreflightTrouble {
  const isOther = answer.kind === "other";
  const text = answerText(answer);
  return {
    kind: "port",
    about: about.port,
    reason: `port 80 of ${address}: ${isOther ? `somebody else answers for ${host}, ${text}` : text}`,
    hint: isOther
      ? "see who has the port: ss -ltnp 'sport = :80'"
      : `open port 80 for everybody in the firewalls, here and at the provider of the server, then try from elsewhere: curl -sI http://${host}/`,
  };
}

const answerText = (answer: Elsewhere): string =>
  oneLine(answer.kind === "other" ? answer.what : answer.why, 100);

/** Who says so, where not all of those that know the host do. */
function resolversOf(address: string, { answers }: PreflightFacts): string | undefined {
  const same = canonical(address);
  const knowing = answers.filter(({ addresses = [] }) => addresses.length > 0);
  const saying = knowing.filter(({ addresses = [] }) =>
    addresses.some((one) => canonical(one) === same),
  );
  if (saying.length === knowing.length) return undefined;
  return saying.map(({ resolver }) => resolver).join(" and ");
}

/** The record that should be there, `A 198.51.100.4`, of one kind or of any. */
function targetOf(facts: PreflightFacts, kind?: "A" | "AAAA"): string | undefined {
  const fitting = outside(facts).filter((one) => kind === undefined || kindOf(one) === kind);
  const best = fitting.find((one) => isIPv4(one)) ?? fitting[0];
  return best && recordOf(best);
}

/** Addresses worth a record, the best first: those that were declared, else public ones, else all that others may reach. */
function outside({ own, declared = [] }: PreflightFacts): readonly string[] {
  const open = own.filter((one) => !isLoopback(one) && !/^fe[89ab]/i.test(one));
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

/** IPv6 addresses have many spellings. */
function canonical(address: string): string {
  const url = isIPv4(address) ? null : URL.parse(`http://[${address}]/`);
  return url === null ? address.toLowerCase() : url.hostname.slice(1, -1);
}
