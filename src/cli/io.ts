import type { Say } from "../core/wire/events.ts";
import type { World } from "../core/world.ts";

/** What a command gets besides its own options. */
export interface CommandIo {
  readonly world: World;
  /** Progress: stderr for people, one JSON line each on stdout with --json. */
  readonly say: Say;
  /** The answer on stdout: `text` for people, `json` as one line with --json. */
  readonly answer: (text: string, json: unknown) => void;
  readonly json: boolean;
}

/** 0 done, 1 the user can fix it, 2 wrong usage, 70 bug, 130 interrupted. */
export type ExitCode = 0 | 1 | 2 | 70 | 130;
