import { UserError } from "../../core/errors.ts";

/** Checks a name in a spool. It must be a sha256 in hex, so that no path has any other part. Throws UserError "bad-request". */
export function spoolName(sha256: string): string {
  if (/^[0-9a-f]{64}$/.test(sha256)) return sha256;
  throw new UserError(`id ${JSON.stringify(sha256.slice(0, 80))}: should be 64 hex digits`, {
    code: "bad-request",
  });
}
