import { UserError } from "../../core/errors.ts";

/** The right to write one file; the newest connection gets it, because the sender of a broken line comes back before its old connection has timed out here. */
export interface Turn {
  /** Runs one write, unless somebody newer has taken the turn: then it throws UserError "conflict". */
  readonly run: <T>(write: () => Promise<T>) => Promise<T>;
  readonly isLost: () => boolean;
  readonly release: () => void;
}

export interface Turns {
  /** Takes the turn from whoever has it, once its write in flight is done. */
  readonly take: (file: string) => Promise<Turn>;
  /** True while somebody writes a file whose name begins so. */
  readonly isTaken: (prefix: string) => boolean;
}

/** Keeps two connections from writing the same file. */
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
