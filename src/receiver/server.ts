import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { createAdaptorServer } from "@hono/node-server";
import { errorResponse } from "../adapters/wire/errors.ts";
import { shouldUpgrade } from "../adapters/wire/upgrade.ts";
import { UserError } from "../core/errors.ts";

export interface ServingOptions {
  readonly fetch: (request: Request) => Response | Promise<Response>;
  readonly now: () => number;
  /** Takes one JSON line per request. */
  readonly writeLine: (line: string) => void;
}

const maxConcurrent = 128;

/** An HTTP server with limits for the open internet; it does not listen yet. */
export function createServer(options: ServingOptions): Server {
  let running = 0;
  const fetch = async (
    request: Request,
    { incoming, outgoing }: { incoming: IncomingMessage; outgoing: ServerResponse },
  ) => {
    const begun = options.now();
    running += 1;
    outgoing.once("close", () => {
      running -= 1;
      options.writeLine(accessLine(incoming, outgoing, { at: begun, ms: options.now() - begun }));
    });
    if (running <= maxConcurrent) return options.fetch(request);
    return errorResponse(new UserError("server: too many requests at once", { code: "busy" }));
  };
  const server = createAdaptorServer({
    // The types of hono's server leave open which version of HTTP it speaks; ours is 1.1.
    fetch: (request, env) => fetch(request, env as Parameters<typeof fetch>[1]),
    overrideGlobalObjects: false,
    serverOptions: {
      headersTimeout: 10_000,
      connectionsCheckingInterval: 2_000,
      // Uploads may take long; their pace is checked while they are read.
      requestTimeout: 60 * 60_000,
      keepAliveTimeout: 30_000,
      maxHeaderSize: 16 * 1024,
      shouldUpgradeCallback: shouldUpgrade,
    },
  }) as Server;
  server.maxConnections = 512;
  server.maxRequestsPerSocket = 1000;
  // For a client that stopped reading; the answer to `start` may take this long.
  server.setTimeout(15 * 60_000);
  return server;
}

function accessLine(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  timing: { readonly at: number; readonly ms: number },
): string {
  const from = incoming.headers["x-forwarded-for"];
  return JSON.stringify({
    at: new Date(timing.at).toISOString(),
    method: incoming.method,
    path: (incoming.url ?? "").split("?")[0]?.slice(0, 300),
    status: outgoing.writableFinished ? outgoing.statusCode : 499,
    ms: timing.ms,
    from: typeof from === "string" ? from.slice(0, 100) : undefined,
  });
}
