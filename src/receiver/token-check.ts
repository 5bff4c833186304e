import { UserError } from "../core/errors.ts";
import type { EnrolledKey } from "../core/ssh/authorized-keys.ts";
import { fingerprint } from "../core/ssh/public-key.ts";
import { readToken, verifyToken } from "../core/wire/grant.ts";
import { countFailures } from "./failures.ts";

export interface TokenCheckOptions {
  readonly keys: () => Promise<readonly EnrolledKey[]>;
  readonly server: string;
  readonly now: () => number;
}

/** Refuses tokens that the worker would refuse, before it hears of them: nobody without a token can make it work. Whether one was revoked only the worker knows. */
export function createTokenCheck({ keys, server, now }: TokenCheckOptions) {
  const failures = countFailures({
    now,
    what: "token: signatures of its key",
    hint: "try again in a minute",
  });
  return async (token: string): Promise<void> => {
    const signer = fingerprint(readToken(token).signature.publicKey);
    failures.refuse(signer);
    try {
      verifyToken({ token, keys: await keys(), server, now: now() });
    } catch (error) {
      if (error instanceof UserError && error.code === "bad-signature") failures.add(signer);
      throw error;
    }
  };
}
