import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer, request } from "node:https";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import type { Pebble } from "./pebble.ts";
import { makeCa, makeLeaf } from "./test-ca.ts";

/** The directory of Pebble with the names by which CAA records call it, which Pebble leaves out. */
export async function startDirectory(
  pebble: Pick<Pebble, "directory" | "caFile">,
  {
    address,
    caaIdentities,
  }: { readonly address: string; readonly caaIdentities: readonly string[] },
): Promise<{
  readonly url: string;
  /** PEM to be trusted beside Pebble's own. */
  readonly ca: string;
  readonly close: () => Promise<void>;
}> {
  const ca = await makeCa("the directory's own https");
  const leaf = await makeLeaf({ ca, ips: [address] });
  const server = createServer({ cert: leaf.chain, key: leaf.key }, (_asked, answer) => {
    directoryOf(pebble).then(
      (directory) => {
        const meta = { ...(directory["meta"] as object), caaIdentities };
        answer.end(JSON.stringify({ ...directory, meta }));
      },
      () => answer.writeHead(502).end(),
    );
  });
  server.listen(0, address);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `https://${address}:${port}/dir`,
    ca: ca.cert,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

async function directoryOf({
  directory,
  caFile,
}: Pick<Pebble, "directory" | "caFile">): Promise<Record<string, unknown>> {
  const ca = await readFile(caFile);
  const asked = request(directory, { ca, agent: false, signal: AbortSignal.timeout(5_000) }).end();
  const [answer] = (await once(asked, "response")) as [NodeJS.ReadableStream];
  return JSON.parse(await text(answer)) as Record<string, unknown>;
}
