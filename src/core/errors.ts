import { hintFields, type Hint, type HintParts } from "./hints.ts";

/** An error that the user can correct: shown without a stack, exit code 1. */
export class UserError extends Error {
  override readonly name = "UserError";
  /** A stable word for code that branches on it, such as "unauthorized" or "replayed". */
  readonly code: string;
  /** One imperative sentence with the exact command that helps. */
  readonly hint: string | undefined;
  /** The same in pieces, where commands of mypaas are in it. */
  readonly hintParts: HintParts | undefined;
  /** Lines below the message, such as the last log lines. */
  readonly details: readonly string[];
  /** What still runs after the error, such as `web still runs release 41`. */
  readonly still: string | undefined;

  constructor(message: string, more: UserErrorMore = {}) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause });
    this.code = more.code ?? "user";
    const { hint, hintParts } = hintFields(more.hint);
    this.hint = hint;
    this.hintParts = hintParts;
    this.details = more.details ?? [];
    this.still = more.still;
  }
}

export interface UserErrorMore {
  readonly code?: string;
  readonly hint?: Hint | undefined;
  readonly details?: readonly string[];
  readonly still?: string | undefined;
  readonly cause?: unknown;
}
