import { createServer } from "node:http";
import { once } from "node:events";
import { maintenancePage, textOf } from "../core/server/maintenance-page.ts";
import { pagePort } from "../core/server/page-container.ts";
import type { World } from "../core/world.ts";

/** Serves the page of a maintenance until interrupted. Everything that it shows is in the request, so it has no files and keeps nothing. */
export async function servePage(
  { interrupted }: Pick<World, "interrupted">,
  port = pagePort,
): Promise<void> {
  const server = createServer({ maxHeaderSize: 16 * 1024 }, (request, response) => {
    const { type, body } = maintenancePage(textOf(request.url ?? ""), request.headers.accept ?? "");
    response.writeHead(200, { "content-type": type, "content-length": Buffer.byteLength(body) });
    response.end(body);
    // It has no use for a body.
    request.resume();
  });
  server.listen(port, "0.0.0.0");
  await once(server, "listening");
  if (!interrupted.aborted) await once(interrupted, "abort");
  server.close();
  server.closeAllConnections();
}
