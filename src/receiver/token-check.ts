import { UserError } from "../core/errors.ts";
import type { EnrolledKey } from "../core/ssh/authorized-keys.ts";
import { fingerprint } from "../core/ssh/public-key.ts";
import { readToken, verifyToken } from "../core/wire/grant.ts";

export interface TokenCheckOptions {
  readonly keys: () => Promise<readonly EnrolledKey[]>;
  readonly server: string;
  readonly now: () => number;
}

/** Of tokens that name one key and are none of it; only these cost more than a look at a list. */
const maxFailuresPerMinute = 60;

/** Refuses tokens that the worker would refuse, before it hears of them: nobody without a token can make it work. Whether one was revoked only the worker knows. */
export function createTokenCheck({ keys, server, now }: TokenCheckOptions) {
  let minute = 0;
  const failures = new Map<string, number>();
  return async (token: string): Promise<void> => {
    const signer = fingerprint(readToken(token).signature.publicKey);
    const current = Math.floor(now() / 60_000);
    if (current !== minute) failures.clear();
    minute = current;
    if ((failures.get(signer) ?? 0) >= maxFailuresPerMinute)
      throw new UserError("tokens: too many wrong ones in the last minute", {
        code: "too-many",
        hint: "try again in a minute",
      });
    const enrolled = await keys();
    try {
      verifyToken({ token, keys: enrolled, server, now: now() });
    } catch (error) {
      // Of enrolled keys only: nobody else may fill the list.
      if (error instanceof UserError && enrolled.some((key) => key.fingerprint === signer))
        failures.set(signer, (failures.get(signer) ?? 0) + 1);
      throw error;
    }
  };
}
