import { action, answer } from "./definition.ts";
import { optional, text, wholeNumber } from "./fields.ts";

const own = { scope: "server", right: "any key", repeat: "safe" } as const;

/** Tokens of the key that asks, or of all keys where it may manage keys. Tokens are made without the server. */
export const tokens = {
  "token.list": action({
    ...own,
    fields: {},
    becomes: answer<{ readonly tokens: readonly TokenInfo[] }>(),
  }),
  /** An id, or the name of one that was used; `expires` says how long an id is kept that was never used. */
  "token.revoke": action({
    ...own,
    fields: { token: text(/^[A-Za-z0-9._-]{1,40}$/), expires: optional(wholeNumber) },
    becomes: answer<{ readonly token: RevokedToken }>(),
  }),
} as const;

/** What is known of a token that was used. */
export interface TokenInfo {
  readonly id: string;
  readonly name: string;
  /** The key that made it: its name, or its fingerprint where it has none or is not enrolled any more. */
  readonly by: string;
  readonly services: readonly string[];
  readonly actions: readonly string[];
  readonly access: "read" | "change";
  /** Milliseconds since the epoch, as `lastUsed`, which is to the minute. */
  readonly expires: number;
  readonly lastUsed: number;
  readonly state: "valid" | "revoked" | "key removed";
}

export interface RevokedToken {
  readonly id: string;
  /** Left out for one that was never used here. */
  readonly name?: string;
}
