import { UserError } from "../../core/errors.ts";

/** The right to write one file. The newest connection gets it, because a client reconnects before its broken connection times out. */
export interface Turn {
  /** Runs one write. Throws UserError "conflict" when a newer connection has the turn. */
  readonly run: <T>(write: () => Promise<T>) => Promise<T>;
  readonly isLost: () => boolean;
  readonly release: () => void;
}

export interface Turns {
  /** Takes the turn, after the write in progress. */
  readonly take: (file: string) => Promise<Turn>;
  /** True while a file whose name begins with `prefix` is being written. */
  readonly isTaken: (prefix: string) => boolean;
}

/** Prevents that two connections write the same file. */
export function createTurns(): Turns {
  const taken = new Map<string, { lose: () => Promise<void> }>();
  return {
    isTaken: (prefix) => [...taken.keys()].some((file) => file.startsWith(prefix)),
    take: async (file) => {
      let lost = false;
      let inFlight: Promise<unknown> = Promise.resolve();
      const holder = {
        lose: async () => {
          lost = true;
          await inFlight.catch(() => undefined);
        },
      };
      const before = taken.get(file);
      taken.set(file, holder);
      await before?.lose();
      return {
        isLost: () => lost,
        run: async (write) => {
          if (lost)
            throw new UserError("upload: a newer connection sends the same blob", {
              code: "conflict",
            });
          const done = write();
          inFlight = done;
          return done;
        },
        release: () => {
          if (taken.get(file) === holder) taken.delete(file);
        },
      };
    },
  };
}
