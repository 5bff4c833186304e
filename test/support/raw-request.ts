import { createHash } from "node:crypto";
import { createWireClient, type WireClient } from "../../src/adapters/wire/client.ts";
import type { UserError } from "../../src/core/errors.ts";
import { parseRemoteLine } from "../../src/core/wire/connection-string.ts";
import type { Accepted } from "../../src/core/wire/protocol.ts";
import type { Action } from "../../src/core/actions/actions.ts";
import type { ManifestEntry } from "../../src/core/actions/push.ts";
import { requestBytes, softKey } from "./signed.ts";

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

/** A client of the protocol that is free to lie: it signs, changes and repeats requests byte by byte. */
export function rawClient(line: string) {
  const address = parseRemoteLine(line);
  const client: WireClient = createWireClient({
    target: { kind: "tls", ...address },
    place: "prod",
    signal: AbortSignal.timeout(60_000),
    pausesMs: [],
  });
  const key = softKey();
  return {
    client,
    key,
    server: address.server,
    close: () => client.close(),
    /** Posts these bytes with this signature. */
    post: (body: string, signature: Uint8Array): Promise<Accepted> =>
      client.accept(Buffer.from(body), signature, "once"),
    /** A push of one Dockerfile, as bytes to sign. */
    push: (service: string, more: RawPush = {}) => {
      const text = `# mypaas.servicename = ${service}\nFROM scratch\n`;
      const entry = { path: "Dockerfile", mode: 0o644, size: text.length, sha256: sha256(text) };
      const options = { pull: false, noCache: false };
      const push = { dockerfile: "Dockerfile", entries: [entry, ...(more.entries ?? [])], options };
      const action: Action = { action: "push", service, push };
      const { server = address.server, created = Date.now() } = more;
      return { ...requestBytes(server, created, action), text, sha256: entry.sha256 };
    },
  };
}

interface RawPush {
  readonly server?: string;
  readonly created?: number;
  /** Besides the Dockerfile. */
  readonly entries?: readonly ManifestEntry[];
}

/** What a refused call was told. */
export async function refusalOf(call: Promise<unknown>) {
  try {
    await call;
  } catch (error) {
    const { code, message, hint, details } = error as UserError;
    return { code, message, hint, details };
  }
  throw new Error("was not refused");
}
