import { request } from "node:https";
import { codeOf } from "../files.ts";

/** The facts that a CA publishes. */
export interface Directory {
  /** Names of the CA in CAA records; undefined when its directory has none. */
  readonly caIdentities: readonly string[] | undefined;
}

const timeoutMs = 8000;
const maxBytes = 100_000;

/** Reads the directory of an ACME server (RFC 8555, 7.1.1). `ca` is the PEM that its https is trusted by. Rejects with a short reason. */
export const readDirectory = (url: string, ca: string | undefined): Promise<Directory> =>
  new Promise((resolve, reject) => {
    const outgoing = request(
      url,
      {
        agent: false,
        headers: { "user-agent": "mypaas" },
        signal: AbortSignal.timeout(timeoutMs),
        ...(ca !== undefined && { ca }),
      },
      (response) => {
        const chunks: Buffer[] = [];
        let size = 0;
        response.on("data", (chunk: Buffer) => {
          size += chunk.length;
          if (size > maxBytes) outgoing.destroy(new Error("the answer is too long"));
          chunks.push(chunk);
        });
        response.on("error", reject);
        response.on("end", () => {
          try {
            if (response.statusCode !== 200) throw new Error(`status ${response.statusCode}`);
            resolve(parse(Buffer.concat(chunks).toString("utf8")));
          } catch (error) {
            reject(error instanceof Error ? error : new Error(String(error)));
          }
        });
      },
    );
    outgoing.on("error", (error) => reject(new Error(reasonOf(error), { cause: error })));
    outgoing.end();
  });

function reasonOf(error: Error): string {
  if (error.name === "TimeoutError") return "no answer within 8 s";
  // With several addresses, the message is empty and the inner errors have the text.
  return error.message || (codeOf(error) ?? "no answer");
}

function parse(text: string): Directory {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Error("not an ACME server");
  }
  const { newOrder, meta } = (value ?? {}) as {
    readonly newOrder?: unknown;
    readonly meta?: { readonly caaIdentities?: unknown };
  };
  if (typeof newOrder !== "string") throw new Error("not an ACME server");
  const names = meta?.caaIdentities;
  const known = Array.isArray(names) ? names.filter((one) => typeof one === "string") : [];
  return { caIdentities: known.length === 0 ? undefined : known };
}
