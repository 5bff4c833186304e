import { UserError } from "../core/errors.ts";
import { hashToken } from "../core/wire/request.ts";
import type { WantedBlob } from "../core/wire/protocol.ts";

const maxRequests = 256;
/** Of all requests together. */
const maxBlobs = 200_000;

/** The missing blobs and the token hash of each open request, so that the worker is not asked for every batch; the oldest are dropped first. */
export function createWantedCache() {
  const known = new Map<string, { tokenHash: string; wanted: readonly WantedBlob[] }>();
  let blobs = 0;
  const forget = (request: string) => {
    blobs -= known.get(request)?.wanted.length ?? 0;
    known.delete(request);
  };
  return {
    forget,
    /** Undefined when the request is not known here; throws UserError "unauthorized" for another token than its own. */
    find: (request: string, token: string): readonly WantedBlob[] | undefined => {
      const entry = known.get(request);
      if (entry && entry.tokenHash !== hashToken(token))
        throw new UserError("token: not the one of this request", { code: "unauthorized" });
      return entry?.wanted;
    },
    remember: (request: string, tokenHash: string, wanted: readonly WantedBlob[]): void => {
      forget(request);
      if (wanted.length > maxBlobs) return;
      known.set(request, { tokenHash, wanted });
      blobs += wanted.length;
      for (const oldest of known.keys()) {
        if (known.size <= maxRequests && blobs <= maxBlobs) break;
        forget(oldest);
      }
    },
  };
}
