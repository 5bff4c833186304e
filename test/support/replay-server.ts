import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { dirname } from "node:path";
import { text } from "node:stream/consumers";
import type { TestContext } from "node:test";
import type { Exchange } from "./wire-recorder.ts";

const idPattern = /[0-9a-f]{64}/;

/** Answers on a socket what a server once answered to the same requests; `asked` holds what was posted now. */
export async function replayServer(
  t: TestContext,
  listenOn: string,
  exchanges: readonly Exchange[],
) {
  const asked: Readonly<Record<string, unknown>>[] = [];
  const left = [...exchanges];
  let own = "";
  /** The next exchange of that form; ids differ, because they are hashes of what was signed. */
  const take = ({ method, url = "" }: IncomingMessage): Exchange | undefined => {
    const form = (path: string) => path.replace(/[0-9a-f]{64}.*/, "ID").replace(/\?.*/, "");
    const isIt = (one: Exchange) => one.method === method && form(one.path) === form(url);
    const at = left.findIndex(isIt);
    return at < 0 ? undefined : left.splice(at, 1)[0];
  };
  const answer = async (incoming: IncomingMessage, response: ServerResponse) => {
    const body = await text(incoming);
    const found = take(incoming);
    if (found === undefined) return response.writeHead(404).end("{}");
    if (found.method === "POST" && found.body !== undefined) {
      asked.push(JSON.parse(body) as Readonly<Record<string, unknown>>);
      own = createHash("sha256").update(body).digest("hex");
    }
    response.writeHead(found.status, { "content-type": "application/json" });
    return response.end(withoutUploads(found.answer).replace(idPattern, own));
  };
  const server = createServer((incoming, response) => void answer(incoming, response));
  server.on("upgrade", (incoming: IncomingMessage, socket) => {
    const found = take(incoming);
    socket.write(
      "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: mypaas-stream\r\n\r\n",
    );
    socket.end(Buffer.from(found?.answer ?? "", "hex"));
  });
  mkdirSync(dirname(listenOn), { recursive: true });
  server.listen(listenOn);
  await once(server, "listening");
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { asked };
}

/** The files of that time are not here, so nothing is missing. */
const withoutUploads = (answer: string): string =>
  answer.replace(/"missing":\[[^\]]*\]/, '"missing":[]');
