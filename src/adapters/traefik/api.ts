import { Agent, request } from "node:http";
import { readSnapshot, type TraefikSnapshot } from "../../core/routing/traefik-snapshot.ts";

const timeoutMs = 2_000;
const maxBytes = 64 * 1024 * 1024;
const agent = new Agent({ keepAlive: true, maxSockets: 4 });

/** All that Traefik has loaded, in one consistent answer. `base` is the address of its API, such as `http://172.20.0.2:8080`. */
export const readTraefikSnapshot = async (base: string): Promise<TraefikSnapshot> =>
  readSnapshot(JSON.parse(await readTraefik(base, "/api/rawdata")));

/** The whole answer of Traefik's API at a path. Rejects for any status but 200, and after 2 s. */
export async function readTraefik(base: string, path: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const outgoing = request(`${base}${path}`, { agent, timeout: timeoutMs }, (response) => {
    const chunks: Buffer[] = [];
    let size = 0;
    response.on("data", (chunk: Buffer) => {
      size += chunk.length;
      chunks.push(chunk);
      if (size > maxBytes)
        outgoing.destroy(new Error(`the answer is longer than ${maxBytes} bytes`));
    });
    response.on("end", () => {
      if (response.statusCode === 200) resolve(Buffer.concat(chunks).toString());
      else reject(new Error(`${base} answered ${response.statusCode}`));
    });
    response.on("error", reject);
    response.on("aborted", () => reject(new Error(`${base} closed the connection`)));
  });
  outgoing.on("timeout", () => outgoing.destroy(new Error(`${base} did not answer within 2 s`)));
  outgoing.on("error", reject);
  outgoing.end();
  return promise;
}
