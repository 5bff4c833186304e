import type { Answers } from "../core/wire/answers.ts";
import type { Event, Say } from "../core/wire/events.ts";
import type { World } from "../core/world.ts";

/** What a command gets besides its own options. */
export interface CommandIo {
  readonly world: World;
  /** Progress: stderr for people, one JSON line each on stdout with --json. */
  readonly say: Say;
  /** The answer on stdout: `text` for people, `json` as one line with --json. */
  readonly answer: (text: string, json: Answer) => void;
  readonly json: boolean;
  /** Sets the name of the remote that hints have to name, because the next command does not choose it by itself. */
  readonly setRemoteName?: (name: string) => void;
}

/** Everything that `docs/json.md` says about answers; the log of a job is an answer made of events. */
export type Answer = Answers[keyof Answers] | Event;

/** The options that decide what a command prints. */
export interface OutputOptions {
  readonly json?: boolean;
  /** No progress. */
  readonly quiet?: boolean;
}

/** 0 done, 1 the user can fix it, 2 wrong usage, 70 bug, 130 interrupted; `run` and `exec` pass on what their program ended with, from 0 to 255. */
export type ExitCode = number;
