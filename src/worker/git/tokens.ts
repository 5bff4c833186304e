import { hashToken } from "../../core/wire/request.ts";

/** Tokens that bind one login of sshd to one key: made before sshd has seen its proof, so most of them are never used. */
export interface LoginTokens {
  readonly make: (key: string) => string;
  /** The fingerprint of the key; undefined for a token that is not known, was used or is too old. Works once. */
  readonly use: (token: string) => string | undefined;
}

const lifeMs = 60_000;
/** Strangers make one with each guess of an enrolled public key. */
const maxOpen = 1000;

export function createLoginTokens(
  now: () => number,
  random: (bytes: number) => Buffer,
): LoginTokens {
  const open = new Map<string, { readonly key: string; readonly until: number }>();
  const forgetOld = () => {
    for (const [hash, { until }] of open)
      if (until <= now() || open.size > maxOpen) open.delete(hash);
  };
  return {
    make: (key) => {
      const token = random(32).toString("base64url");
      open.set(hashToken(token), { key, until: now() + lifeMs });
      forgetOld();
      return token;
    },
    use: (token) => {
      forgetOld();
      const hash = hashToken(token);
      const found = open.get(hash);
      open.delete(hash);
      return found?.key;
    },
  };
}
