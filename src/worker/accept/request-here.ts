import type { Request } from "../../core/wire/protocol.ts";
import { hashToken, parseRequest } from "../../core/wire/request.ts";

export interface RequestParts {
  readonly now: () => number;
  readonly random: (bytes: number) => Buffer;
  /** Id of this server. */
  readonly server: string;
}

/** Makes a request that nobody has signed, and its bytes as they are stored. Throws UserError for what a signed one could not ask either. */
export function requestHere(
  { now, random, server }: RequestParts,
  asked: Pick<Request, "action"> & Readonly<Record<string, unknown>>,
): { readonly request: Request; readonly bytes: Buffer } {
  const bytes = Buffer.from(
    JSON.stringify({
      v: 1,
      server,
      created: now(),
      nonce: random(16).toString("hex"),
      // Nobody gets the token: who asks here needs none.
      tokenHash: hashToken(random(32).toString("hex")),
      ...asked,
    }),
  );
  return { request: parseRequest(bytes), bytes };
}
