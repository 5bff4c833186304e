import { once } from "node:events";
import { mkdir } from "node:fs/promises";
import { createServer, request, type IncomingMessage } from "node:http";
import { dirname } from "node:path";

/** One request of the protocol and its answer, as they went over the socket. */
export interface Exchange {
  readonly method: string;
  readonly path: string;
  /** JSON as text; left out for uploads. */
  readonly body?: string;
  readonly status: number;
  readonly answer: string;
  /** Of an attached line: hex of the bytes that the laptop and the server sent. */
  readonly sent?: string;
}

/** Stands between a laptop and the socket of a worker, and writes down what they say. */
export async function startWireRecorder(listenOn: string, socketPath: string) {
  let taken: Exchange[] = [];
  await mkdir(dirname(listenOn), { recursive: true });
  const server = createServer((incoming, response) => {
    const { method = "", url: path = "", headers } = incoming;
    const asked = request({ socketPath, method, path, headers, agent: false });
    const body = collect(incoming);
    incoming.pipe(asked);
    asked.on("error", () => response.destroy());
    asked.on("response", (answer) => {
      const status = answer.statusCode ?? 0;
      response.writeHead(status, answer.headers);
      const said = collect(answer);
      const keep = () => {
        const text = headers["content-type"] === "application/json" ? { body: body() } : {};
        taken.push({ method, path, ...text, status, answer: said() });
      };
      answer.pipe(response);
      answer.on("close", keep);
      response.on("close", () => answer.destroy());
    });
  });
  server.on("upgrade", (incoming, near) => {
    const { method = "", url: path = "", headers } = incoming;
    const asked = request({ socketPath, method, path, headers, agent: false }).end();
    asked.on("upgrade", (answer, far, head) => {
      near.write(`HTTP/1.1 101 Switching Protocols\r\n${rawHeaders(answer)}\r\n\r\n`);
      const [sent, got] = [collect(near), collect(far)];
      far.unshift(head);
      near.pipe(far).pipe(near);
      for (const one of [near, far]) one.on("error", () => one.destroy());
      near.on("close", () => {
        const bytes = { sent: sent("hex"), answer: got("hex") };
        taken.push({ method, path, status: 101, ...bytes });
      });
    });
  });
  server.listen(listenOn);
  await once(server, "listening");
  return {
    /** What was said since the last call. */
    take: (): readonly Exchange[] => {
      const all = taken;
      taken = [];
      return all;
    },
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

function collect(stream: NodeJS.ReadableStream) {
  const chunks: Buffer[] = [];
  stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  return (encoding: BufferEncoding = "utf8") => Buffer.concat(chunks).toString(encoding);
}

function rawHeaders({ rawHeaders: raw }: IncomingMessage): string {
  return raw.flatMap((name, at) => (at % 2 === 0 ? [`${name}: ${raw[at + 1]}`] : [])).join("\r\n");
}
