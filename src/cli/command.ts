import type { Command } from "commander";
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
  /** Writes a line for `--verbose` to stderr; undefined without it. */
  readonly trace?: ((text: string) => void) | undefined;
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
  /** Each request to a server, and the causes of an error. */
  readonly verbose?: boolean;
}

/** 0 done, 1 the user can fix it, 2 wrong usage, 70 bug, 130 interrupted; `run` and `exec` pass on what their program ended with, from 0 to 255. */
export type ExitCode = number;

/** The options of every command that talks to a server. */
export interface ServerOptions {
  /** `-r NAME`. */
  readonly remote?: string | undefined;
  /** `--key FILE`. */
  readonly key?: string | undefined;
  /** `--run-dir DIR` of this host's worker. */
  readonly runDir?: string | undefined;
}

/** The same with the service that the command is about. */
export interface ServiceArgs extends ServerOptions {
  readonly service: string;
}

/** The same where without one it is about all. */
export type AnyServiceArgs = ServerOptions & { readonly service?: string | undefined };

/** A line of `mypaas --help`, with the arguments as commander writes them; `here`: it takes no `-r`, because it talks to no server that could be chosen; `hidden`: the same, and not in that help. */
export type CommandRow = readonly [
  words: string,
  summary: string,
  how?: "here" | "hidden" | { readonly remote: string },
];

/** What a command's file holds: the rest of its help, and its body, which imports what is slow to load when it runs. */
export interface CommandFile extends CommandPart {
  /** Commands of its own, such as `mypaas key add`. */
  readonly commands?: readonly Subcommand[];
}

interface Subcommand extends CommandPart {
  /** Its name and its arguments. */
  readonly syntax: string;
  readonly summary: string;
}

export interface CommandPart {
  readonly options?: readonly OptionRow[];
  /** What may stand for its only argument; one that is called `service` must name one. */
  readonly choices?: readonly string[];
  readonly examples?: readonly string[];
  /** A sentence below the options. */
  readonly note?: string;
  /** Names under which `run` gets its arguments, where they are others than in the syntax. */
  readonly named?: readonly string[];
  /** Gets arguments and options as one object. */
  readonly run?: (args: never, io: CommandIo, program: Program) => ExitCode | Promise<ExitCode>;
}

/** Flags, help and reader of an option; without help it is hidden. A text is the heading of those that follow. */
export type OptionRow =
  | string
  | readonly [flags: string, help?: string, read?: (text: string) => unknown];

/** The other roles of this program. `bin/` provides them, because `cli/` may not import `worker/`. */
export interface Roles {
  /** Resolves when it was told to stop. */
  readonly worker: (options: { readonly stateDir: string }, io: CommandIo) => Promise<void>;
}

/** The command line: all names and summaries, and the options and bodies of those commands that were loaded. */
export interface Program {
  readonly root: Command;
  readonly roles: Roles;
  /** Loads the file of a command; does nothing for a name that is none, or a second time. */
  readonly load: (name: string | undefined) => Promise<void>;
}
