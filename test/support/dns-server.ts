import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";
import {
  encodeRecords,
  nameServerOf,
  readQuestion,
  soaOf,
  writeAnswer,
  zoneOf,
  type DnsAnswer,
  type DnsQuestion,
  type DnsRecords,
} from "./dns-message.ts";

/** A name server of the test: it answers for every name, out of a map that changes at any time. */
export interface DnsServer {
  /** UDP and TCP, the same on every address. */
  readonly port: number;
  /** Replaces all records of a name; `*.b.test` also answers for names one label below `b.test`. */
  readonly set: (name: string, records: DnsRecords) => void;
  readonly get: (name: string) => DnsRecords | undefined;
  readonly remove: (name: string) => void;
  /** Every question so far, as `a.test CAA`. */
  readonly asked: readonly string[];
  /** From now on no question gets an answer. */
  readonly silence: (on: boolean) => void;
  readonly close: () => Promise<void>;
}

const [udpLimit, tcpLimit] = [512, 65_535];

/** Starts it on a free port of each address; the last label of each name, such as `test`, is a zone with SOA and NS. */
export async function startDns(addresses: readonly string[] = ["127.0.0.1"]): Promise<DnsServer> {
  const names = new Map<string, DnsRecords>();
  const asked: string[] = [];
  let isSilent = false;
  const reply: Reply = (message, limit) => {
    const question = readQuestion(message);
    if (question === undefined) return undefined;
    asked.push(`${question.name} ${question.type}`);
    return isSilent ? undefined : writeAnswer(question, answerTo(question, names), limit);
  };

  const listeners: Listener[] = [];
  // A socket per address: an answer from another address than the one asked is not believed.
  for (const address of addresses)
    listeners.push(await listen(address, listeners[0]?.port ?? 0, reply));

  return {
    port: listeners[0]?.port ?? 0,
    set: (name, records) => names.set(name.toLowerCase(), records),
    get: (name) => names.get(name.toLowerCase()),
    remove: (name) => names.delete(name.toLowerCase()),
    asked,
    silence: (on) => {
      isSilent = on;
    },
    close: async () => {
      await Promise.all(listeners.map((listener) => listener.close()));
    },
  };
}

interface Listener {
  readonly port: number;
  readonly close: () => Promise<unknown>;
}

type Reply = (message: Buffer, limit: number) => Buffer | undefined;

async function listen(address: string, wished: number, reply: Reply): Promise<Listener> {
  const open = new Set<Socket>();
  const tcp = createServer((socket) => {
    open.add(socket);
    socket.on("error", () => undefined).on("close", () => open.delete(socket));
    onMessages(socket, (message) => {
      const answer = reply(message, tcpLimit);
      if (answer === undefined) return;
      const length = Buffer.alloc(2);
      length.writeUInt16BE(answer.length);
      socket.write(Buffer.concat([length, answer]));
    });
  });
  tcp.listen(wished, address);
  await once(tcp, "listening");
  const { port } = tcp.address() as AddressInfo;
  const udp = createSocket("udp4", (message, from) => {
    const answer = reply(message, udpLimit);
    if (answer !== undefined) udp.send(answer, from.port, from.address);
  });
  udp.bind(port, address);
  await once(udp, "listening");
  return {
    port,
    close: () => {
      for (const socket of open) socket.destroy();
      tcp.close();
      udp.close();
      return Promise.all([once(tcp, "close"), once(udp, "close")]);
    },
  };
}

function answerTo(question: DnsQuestion, names: ReadonlyMap<string, DnsRecords>): DnsAnswer {
  const { name, type } = question;
  if (name === zoneOf(name)) {
    if (type === "SOA") return { kind: "records", type, data: [soaOf(name)] };
    if (type === "NS") return { kind: "records", type, data: [nameServerOf(name)] };
  }
  const records = names.get(name) ?? names.get(name.replace(/^[^.]+/, "*"));
  const data = records === undefined ? [] : encodeRecords(records, type);
  if (data.length > 0) return { kind: "records", type, data };
  // A name exists also when only names below it have records (RFC 8020).
  const exists =
    records !== undefined ||
    name === zoneOf(name) ||
    [...names.keys()].some((known) => known.endsWith(`.${name}`));
  return { kind: exists ? "nothing" : "unknown name" };
}

/** Cuts a TCP stream into messages, each with its length before it (RFC 1035, 4.2.2). */
function onMessages(socket: Socket, take: (message: Buffer) => void): void {
  let rest: Buffer = Buffer.alloc(0);
  socket.on("data", (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= 2 && rest.length >= 2 + rest.readUInt16BE(0)) {
      const end = 2 + rest.readUInt16BE(0);
      take(rest.subarray(2, end));
      rest = rest.subarray(end);
    }
  });
}
