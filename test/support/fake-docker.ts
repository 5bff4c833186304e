import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** What a route of the fake engine answers; a string or Buffer goes out as it is, anything else as JSON. */
export interface FakeAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

export interface FakeRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: Buffer;
}

/** `METHOD /path` → answer; `*` stands for one part of the path. */
export type FakeRoutes = Readonly<Record<string, (request: FakeRequest) => FakeAnswer>>;

export interface FakeDocker {
  readonly socketPath: string;
  /** Every request in order, as `METHOD /path?query`. */
  readonly seen: readonly string[];
  readonly close: () => Promise<void>;
}

/** An engine on a unix socket that the real dockerode talks to; it answers 501 to every route it was not given. */
export async function startFakeDocker(routes: FakeRoutes): Promise<FakeDocker> {
  const directory = await mkdtemp(join(tmpdir(), "fake-docker-"));
  const socketPath = join(directory, "docker.sock");
  const seen: string[] = [];
  const table = Object.entries(routes).map(([route, answer]) => ({
    pattern: toPattern(route),
    answer,
  }));
  const server = createServer((request, response) => {
    void respond(request, response);
  });
  const respond = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { pathname: path, search, searchParams: query } = new URL(request.url ?? "/", "http://x");
    const method = request.method ?? "";
    seen.push(`${method} ${decodeURIComponent(path + search)}`);
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request) chunks.push(chunk as Buffer);
    } catch {
      return;
    }
    const found = table.find(({ pattern }) => pattern.test(`${method} ${path}`));
    const message = `the fake engine does not know ${method} ${path}`;
    const answer = found?.answer({ method, path, query, body: Buffer.concat(chunks) }) ?? {
      status: 501,
      body: { message },
    };
    const { status = 200, headers = {}, body } = answer;
    response.writeHead(status, headers);
    const isRaw = typeof body === "string" || Buffer.isBuffer(body) || body === undefined;
    response.end(isRaw ? body : JSON.stringify(body));
  };
  server.listen(socketPath);
  await once(server, "listening");
  return {
    socketPath,
    seen,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

function toPattern(route: string): RegExp {
  const escaped = route.replace(/[.+?^${}()|[\]\\]/g, String.raw`\$&`).replaceAll("*", "[^/]+");
  return new RegExp(`^${escaped}$`);
}
