import { UserError, type UserErrorMore } from "../core/errors.ts";

/** Wrong signatures of each enrolled key in this minute; only these cost more than a look at the list. Counted per key, because anybody who knows a public key could else lock out the others. */
export interface Failures {
  /** Throws UserError "too-many" for a key that had its share. */
  readonly refuse: (signer: string) => void;
  /** Counts one, of an enrolled key only: nobody else may fill the list. */
  readonly add: (signer: string) => void;
}

interface FailuresOptions {
  readonly now: () => number;
  /** The words before "too many have failed". */
  readonly what: string;
  readonly hint: UserErrorMore["hint"];
}

const maxPerMinute = 60;

/** Begins to count. */
export function countFailures({ now, what, hint }: FailuresOptions): Failures {
  let minute = 0;
  const counts = new Map<string, number>();
  return {
    refuse: (signer) => {
      const current = Math.floor(now() / 60_000);
      if (current !== minute) counts.clear();
      minute = current;
      if ((counts.get(signer) ?? 0) >= maxPerMinute)
        throw new UserError(`${what}: too many have failed in the last minute`, {
          code: "too-many",
          hint,
        });
    },
    add: (signer) => void counts.set(signer, (counts.get(signer) ?? 0) + 1),
  };
}
