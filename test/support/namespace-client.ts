import { createHash } from "node:crypto";
import { request } from "node:http";
import { connect } from "node:net";
import { pathToFileURL } from "node:url";

/** One request, or the same several times, each on a connection of its own. */
export interface Asked {
  readonly from: string;
  readonly to: string;
  readonly port: number;
  readonly host: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Bytes of a body. */
  readonly upload?: number;
  readonly times?: number;
  /** Text before the request, as a proxy or an attacker would write it. */
  readonly first?: string;
}

export interface Said {
  readonly status: number;
  readonly location?: string;
  readonly body: string;
}

/** Bytes that can be told apart by their place. */
export const bodyOf = (bytes: number): Buffer =>
  Buffer.from(Array.from({ length: bytes }, (_, index) => (index * 7 + (index >> 8)) & 255));

function once(asked: Asked): Promise<Said> {
  const { from, to, port, host, path = "/", headers = {}, upload, first } = asked;
  if (first !== undefined) return raw(asked);
  const body = upload === undefined ? undefined : bodyOf(upload);
  return new Promise((resolve) => {
    const outgoing = request({
      host: to,
      port,
      path,
      localAddress: from,
      method: body === undefined ? "GET" : "POST",
      headers: { ...headers, host, ...(body && { "content-length": body.length }) },
      agent: false,
      timeout: 10_000,
    });
    outgoing.on("response", (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", ({ message }) => resolve({ status: 0, body: message }));
      response.on("end", () => {
        const whole = Buffer.concat(chunks);
        const { location } = response.headers;
        resolve({
          status: response.statusCode ?? 0,
          body: upload === undefined ? whole.toString() : sumOf(whole),
          ...(location !== undefined && { location }),
        });
      });
    });
    outgoing.on("error", ({ message }) => resolve({ status: 0, body: message }));
    outgoing.on("timeout", () => outgoing.destroy(new Error("no answer in 10 s")));
    outgoing.end(body);
  });
}

export const sumOf = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");

function raw({ from, to, port, host, path = "/", first = "" }: Asked): Promise<Said> {
  return new Promise((resolve) => {
    let text = "";
    const socket = connect({ host: to, port, localAddress: from });
    socket.write(`${first}GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
    socket.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
    socket.on("error", ({ message }) => resolve({ status: 0, body: message }));
    socket.on("close", () => {
      const [head = "", body = ""] = text.split("\r\n\r\n", 2);
      resolve({ status: Number(/^HTTP\/1\.1 (\d+)/.exec(head)?.[1] ?? 0), body });
    });
  });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const said: Said[] = [];
  for (const asked of JSON.parse(process.argv[2] ?? "") as readonly Asked[])
    for (let time = 0; time < (asked.times ?? 1); time += 1) said.push(await once(asked));
  process.stdout.write(JSON.stringify(said));
}
