import { action, terminal as opensTerminal } from "./definition.ts";
import {
  bad,
  counted,
  flag,
  optional,
  processName,
  secret,
  type Fields,
  type Read,
  type Reader,
} from "./fields.ts";

const maxWords = 1000;
const maxCommandBytes = 128 * 1024;
const maxSide = 0xffff;

const words: Reader<readonly string[]> = (command) => {
  if (!Array.isArray(command) || command.length === 0 || command.length > maxWords)
    throw bad(`command: should be a list of 1 to ${maxWords} words`);
  const read = command.filter((word) => typeof word === "string" && !word.includes("\0"));
  if (read.length < command.length) throw bad("command: each word should be text without NUL");
  if (Buffer.byteLength(read.join(" ")) > maxCommandBytes)
    throw bad(`command: longer than ${maxCommandBytes} bytes`);
  return read;
};

const terminal: Reader<TerminalAsked> = (value) => {
  const { cols, rows, type } = (value ?? {}) as Fields;
  if (!isSide(cols) || !isSide(rows)) throw bad(`terminal: sides should be from 0 to ${maxSide}`);
  if (typeof type !== "string" || !/^[A-Za-z0-9+._-]{1,64}$/.test(type))
    throw bad("terminal: type should be a name such as xterm-256color");
  return { cols, rows, type };
};

const isSide = (value: unknown): value is number =>
  typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= maxSide;

/** Left out where input and output are pipes, kept apart. */
const common = { terminal: optional(terminal) };

const program = {
  ...common,
  /** The words as the container gets them; no shell reads them. */
  command: secret(words),
};

const ownProgram = {
  ...common,
  /** The same; left out for what the process runs. */
  command: secret(optional(words)),
  /** The container gets the environment of this process. */
  process: optional(processName),
};

/** A program that runs in a container of a service. */
export type ProgramAsked = Read<typeof program>;

export interface TerminalAsked {
  readonly cols: number;
  readonly rows: number;
  /** `TERM` of the client. */
  readonly type: string;
}

const byHand = { scope: "service", right: "run", repeat: "once", knownNames: "unchanged" } as const;

/** Programs that a person starts by hand. */
export const programs = {
  /** Starts one more container, of the live release or of another whose image is kept; `detach`: without a terminal connection. */
  run: action({
    ...byHand,
    fields: { ...ownProgram, release: optional(counted), detach: flag },
    becomes: opensTerminal<RunResult>(),
  }),
  exec: action({
    ...byHand,
    fields: { ...program, replica: optional(counted), process: optional(processName) },
    becomes: opensTerminal<ExecResult>(),
  }),
} as const;

/** What a one-off container is called. */
export interface RunResult {
  readonly service: string;
  readonly release: number;
  /** Of its container. */
  readonly name: string;
}

export interface ExecResult extends RunResult {
  readonly replica: number;
}
