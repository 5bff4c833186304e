/** Everything the DNS server says about one name; a type that is left out has no records. */
export interface DnsRecords {
  readonly A?: readonly string[];
  readonly AAAA?: readonly string[];
  readonly TXT?: readonly string[];
  readonly CAA?: readonly CaaRecord[];
}

/** A record of RFC 8659. */
export interface CaaRecord {
  readonly flags: number;
  readonly tag: string;
  readonly value: string;
}

export interface DnsQuestion {
  readonly id: number;
  readonly recursionDesired: boolean;
  /** Lower case, without the dot at the end. */
  readonly name: string;
  /** `A`, `CAA` …, or `TYPE65` for one that the server does not know. */
  readonly type: string;
  /** The question section as it came: its upper and lower case goes back unchanged. */
  readonly section: Buffer;
}

export type DnsAnswer =
  | { readonly kind: "records"; readonly type: string; readonly data: readonly Buffer[] }
  | { readonly kind: "nothing" }
  | { readonly kind: "unknown name" };

const types = new Map([
  ["A", 1],
  ["NS", 2],
  ["SOA", 6],
  ["TXT", 16],
  ["AAAA", 28],
  ["CAA", 257],
]);
const headerBytes = 12;
const questionPointer = 0xc0_0c;

/** Reads the one question of a message; undefined when it is none (RFC 1035, 4.1). */
export function readQuestion(message: Buffer): DnsQuestion | undefined {
  if (message.length < headerBytes || message.readUInt16BE(4) !== 1) return undefined;
  const labels: string[] = [];
  let at = headerBytes;
  for (let length = message[at] ?? 0; length > 0; length = message[at] ?? 0) {
    labels.push(message.toString("latin1", at + 1, at + 1 + length));
    at += 1 + length;
  }
  if (at + 5 > message.length) return undefined;
  const number = message.readUInt16BE(at + 1);
  return {
    id: message.readUInt16BE(0),
    recursionDesired: (message.readUInt16BE(2) & 0x01_00) !== 0,
    name: labels.join(".").toLowerCase(),
    type: [...types].find(([, known]) => known === number)?.[0] ?? `TYPE${number}`,
    section: message.subarray(headerBytes, at + 5),
  };
}

/** The message that answers a question; `limit` bytes at most, else one that sends the client to TCP. */
export function writeAnswer(question: DnsQuestion, answer: DnsAnswer, limit: number): Buffer {
  const found = answer.kind === "records";
  const owner = Buffer.alloc(2);
  owner.writeUInt16BE(questionPointer);
  const zone = zoneOf(question.name);
  const records = found
    ? answer.data.map((data) => record(owner, answer.type, data))
    : [record(encodeName(zone), "SOA", soaOf(zone))];
  // Response, authoritative, recursion available: resolvers of containers take it for a full one.
  const flags = 0x84_80 | (question.recursionDesired ? 0x01_00 : 0);
  const code = answer.kind === "unknown name" ? 3 : 0;
  const counts = found ? [1, records.length, 0, 0] : [1, 0, 1, 0];
  const whole = Buffer.concat([
    words(question.id, flags | code, ...counts),
    question.section,
    ...records,
  ]);
  if (whole.length <= limit) return whole;
  return Buffer.concat([words(question.id, flags | 0x02_00, 1, 0, 0, 0), question.section]);
}

/** The zone that a name is in: its last label. */
export const zoneOf = (name: string): string => name.slice(name.lastIndexOf(".") + 1);

/** What the records of a type look like on the wire. */
export function encodeRecords(records: DnsRecords, type: string): readonly Buffer[] {
  switch (type) {
    case "A":
      return (records.A ?? []).map((address) => Buffer.from(address.split(".").map(Number)));
    case "AAAA":
      return (records.AAAA ?? []).map(encodeIpv6);
    case "TXT":
      return (records.TXT ?? []).map(encodeText);
    case "CAA":
      return (records.CAA ?? []).map(({ flags, tag, value }) =>
        Buffer.from(`${String.fromCodePoint(flags, tag.length)}${tag}${value}`, "latin1"),
      );
    default:
      return [];
  }
}

/** The name server of a zone, as NS records have it. */
export const nameServerOf = (zone: string): Buffer => encodeName(`ns.${zone}`);

/** SOA of a zone: nothing in it is ever to be cached. */
export function soaOf(zone: string): Buffer {
  const numbers = Buffer.alloc(20);
  for (const [index, value] of [1, 60, 60, 60, 0].entries())
    numbers.writeUInt32BE(value, index * 4);
  return Buffer.concat([nameServerOf(zone), encodeName(`hostmaster.${zone}`), numbers]);
}

function record(owner: Buffer, type: string, data: Buffer): Buffer {
  const [internet, noSeconds] = [1, [0, 0]];
  return Buffer.concat([
    owner,
    words(types.get(type) ?? 0, internet, ...noSeconds, data.length),
    data,
  ]);
}

function words(...values: readonly number[]): Buffer {
  const buffer = Buffer.alloc(values.length * 2);
  for (const [index, value] of values.entries()) buffer.writeUInt16BE(value, index * 2);
  return buffer;
}

function encodeName(name: string): Buffer {
  const labels = name.split(".").filter((label) => label !== "");
  const text = labels.map((label) => `${String.fromCodePoint(label.length)}${label}`).join("");
  return Buffer.from(`${text}\0`, "latin1");
}

function encodeText(text: string): Buffer {
  const bytes = Buffer.from(text);
  const parts: Buffer[] = [];
  for (let at = 0; at === 0 || at < bytes.length; at += 255) {
    const part = bytes.subarray(at, at + 255);
    parts.push(Buffer.from([part.length]), part);
  }
  return Buffer.concat(parts);
}

function encodeIpv6(address: string): Buffer {
  // URL writes every form, also ::ffff:192.0.2.1, in hexadecimal groups.
  const canonical = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [left = [], right = []] = canonical
    .split("::")
    .map((side) => side.split(":").filter((group) => group !== ""));
  const zeros = Array.from({ length: 8 - left.length - right.length }, () => "0");
  const groups = [...left, ...zeros, ...right].map((group) => group.padStart(4, "0"));
  return Buffer.from(groups.join(""), "hex");
}
