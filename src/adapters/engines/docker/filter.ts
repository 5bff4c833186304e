import {
  request,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from "node:http";
import { readAtMost } from "../../files.ts";
import { decide, hideSecrets, isOurs, type Allowed } from "../../../core/server/docker-filter.ts";

export interface DockerFilterOptions {
  /** The engine's own socket. */
  readonly engineSocket: string;
  readonly instance: string;
  /** Called when a stream of events begins; the function that it returns is called when that ends. */
  readonly onEvents?: () => () => void;
}

/** Largest inspect answer that is read whole in order to be emptied. */
const maxInspectBytes = 4 * 1024 * 1024;

/** Answers what Traefik needs to see of our containers, and 403 to everything else; nothing is ever written to the engine. */
export function dockerFilter(options: DockerFilterOptions): RequestListener {
  return (incoming, response) => {
    response.on("error", () => response.destroy());
    const decision = decide(incoming.method ?? "", incoming.url ?? "", options.instance);
    if (decision.kind === "refused") {
      incoming.resume();
      answer(response, decision.status, decision.message);
      return;
    }
    forward(options, decision, response);
  };
}

function forward(
  { engineSocket, instance, onEvents }: DockerFilterOptions,
  allowed: Allowed,
  response: ServerResponse,
): void {
  const upstream = request({
    socketPath: engineSocket,
    path: allowed.path,
    method: allowed.method,
    headers: { host: "docker" },
  });
  response.on("close", () => upstream.destroy());
  upstream.on("error", () => {
    if (response.headersSent) response.destroy();
    else answer(response, 503, "docker: not reachable");
  });
  upstream.on("response", (incoming) => {
    const isInspect = allowed.kind === "inspect" && incoming.statusCode === 200;
    if (isInspect && allowed.method === "GET")
      void inspected(incoming, instance).then((body) => {
        if (body === undefined) answer(response, 404, "no such container");
        else sendJson(response, 200, body);
      });
    // A HEAD answer has no labels to check, and would reveal that a container of another owner exists.
    else if (isInspect) answer(response, 403, "mypaas: HEAD of a container is not passed on");
    else {
      const isEvents = incoming.statusCode === 200 && /\/events(\?|$)/.test(allowed.path);
      const ended = isEvents ? onEvents?.() : undefined;
      if (ended !== undefined) response.on("close", ended);
      stream(incoming, response);
    }
  });
  upstream.end();
}

/** Docker sends the head of an event stream at once and its first line maybe hours later. */
function stream(incoming: IncomingMessage, response: ServerResponse): void {
  const headers = Object.fromEntries(
    passedHeaders.flatMap((name) => {
      const value = incoming.headers[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
  response.writeHead(incoming.statusCode ?? 502, headers);
  response.flushHeaders();
  incoming.on("error", () => response.destroy());
  incoming.on("aborted", () => response.destroy());
  incoming.pipe(response);
}

const passedHeaders = ["content-type", "api-version", "ostype", "server", "docker-experimental"];

async function inspected(incoming: IncomingMessage, instance: string): Promise<string | undefined> {
  try {
    const facts: unknown = JSON.parse((await readAtMost(incoming, maxInspectBytes)).toString());
    return isOurs(facts, instance) ? JSON.stringify(hideSecrets(facts)) : undefined;
  } catch {
    return undefined;
  }
}

function answer(response: ServerResponse, status: number, message: string): void {
  sendJson(response, status, JSON.stringify({ message }));
}

function sendJson(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(`${body}\n`);
}
