import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createAdaptorServer } from "@hono/node-server";
import { codeOf } from "../../adapters/files.ts";
import { UserError } from "../../core/errors.ts";
import { command, hint } from "../../core/hints.ts";

/** Only this machine can connect. */
const address = "127.0.0.1";

export interface Served {
  readonly host: string;
  readonly close: () => Promise<void>;
}

/** Listens on 127.0.0.1 alone; port 0 takes a free one. */
export async function serve(
  fetch: (request: Request) => Promise<Response>,
  port: number,
): Promise<Served> {
  const server = createAdaptorServer({ fetch, overrideGlobalObjects: false }) as Server;
  server.listen(port, address);
  try {
    await once(server, "listening");
  } catch (cause) {
    const taken = codeOf(cause) === "EADDRINUSE" ? "another program has it" : String(cause);
    throw new UserError(`open: port ${port}: ${taken}`, {
      code: "usage",
      hint: hint`take any that is free: ${command("open")}`,
      cause,
    });
  }
  return {
    host: `${address}:${(server.address() as AddressInfo).port}`,
    close: async () => {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
