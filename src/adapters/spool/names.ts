import { UserError } from "../../core/errors.ts";

/** Every name inside a spool is a sha256 in hex, so that no path is ever made of anything else; throws UserError "bad-request". */
export function spoolName(sha256: string): string {
  if (/^[0-9a-f]{64}$/.test(sha256)) return sha256;
  throw new UserError(`id ${JSON.stringify(sha256.slice(0, 80))}: should be 64 hex digits`, {
    code: "bad-request",
  });
}
