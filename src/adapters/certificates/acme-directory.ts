import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import { codeOf, readAtMost } from "../files.ts";

/** The facts that a CA publishes. */
export interface Directory {
  /** Names of the CA in CAA records; undefined when its directory has none. */
  readonly caIdentities: readonly string[] | undefined;
}

const timeoutMs = 8000;
const maxBytes = 100_000;

/** Reads the directory of an ACME server (RFC 8555, 7.1.1). `ca` is the PEM that its https is trusted by. Rejects with a short reason. */
export function readDirectory(url: string, ca: string | undefined): Promise<Directory> {
  const { promise, resolve, reject } = Promise.withResolvers<Directory>();
  const signal = AbortSignal.timeout(timeoutMs);
  const headers = { "user-agent": "mypaas" };
  const options = { agent: false, headers, signal, ...(ca !== undefined && { ca }) } as const;
  const outgoing = request(url, options, (response) => void read(response).then(resolve, reject));
  outgoing.on("error", (error) => reject(new Error(reasonOf(error), { cause: error })));
  outgoing.end();
  return promise;
}

async function read(response: IncomingMessage): Promise<Directory> {
  const bytes = await readAtMost(response, maxBytes, () => new Error("the answer is too long"));
  if (response.statusCode !== 200) throw new Error(`status ${response.statusCode}`);
  return parse(bytes.toString("utf8"));
}

function reasonOf(error: Error): string {
  if (error.name === "TimeoutError" || codeOf(error) === "ABORT_ERR") return "no answer within 8 s";
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
