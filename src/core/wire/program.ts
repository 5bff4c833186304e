import { UserError } from "../errors.ts";

/** A program that somebody wants to run or to enter, and how they look at it. */
export interface ProgramAsked {
  /** Its words as the container gets them; no shell reads them. */
  readonly command: readonly string[];
  /** Left out where input and output are pipes, kept apart. */
  readonly terminal?: TerminalAsked;
}

export interface TerminalAsked {
  readonly cols: number;
  readonly rows: number;
  /** `TERM` of who looks. */
  readonly type: string;
}

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

const maxWords = 1000;
const maxCommandBytes = 128 * 1024;
const maxSide = 0xffff;

type Fields = Readonly<Record<string, unknown>>;

/** Reads what belongs to `run` alone; throws UserError "bad-request". */
export function readRun(value: Fields) {
  const { release, detach } = value;
  return {
    ...readProgram(value),
    ...(release !== undefined && { release: counted(release, "release") }),
    ...(detach === true && { detach }),
  };
}

/** Reads what belongs to `exec` alone; throws UserError "bad-request". */
export function readExec(value: Fields) {
  const { replica } = value;
  return {
    ...readProgram(value),
    ...(replica !== undefined && { replica: counted(replica, "replica") }),
  };
}

function readProgram({ command, terminal }: Fields): ProgramAsked {
  if (!Array.isArray(command) || command.length === 0 || command.length > maxWords)
    throw bad(`command: should be a list of 1 to ${maxWords} words`);
  const words = command.filter((word) => typeof word === "string" && !word.includes("\0"));
  if (words.length < command.length) throw bad("command: each word should be text without NUL");
  if (Buffer.byteLength(words.join(" ")) > maxCommandBytes)
    throw bad(`command: longer than ${maxCommandBytes} bytes`);
  return { command: words, ...(terminal !== undefined && { terminal: readTerminal(terminal) }) };
}

function counted(value: unknown, name: string): number {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 1) return value;
  throw bad(`${name}: should be a number from 1, got ${JSON.stringify(value)?.slice(0, 40)}`);
}

function readTerminal(value: unknown): TerminalAsked {
  const { cols, rows, type } = (value ?? {}) as Fields;
  if (!isSide(cols) || !isSide(rows)) throw bad(`terminal: sides should be from 0 to ${maxSide}`);
  if (typeof type !== "string" || !/^[A-Za-z0-9+._-]{1,64}$/.test(type))
    throw bad("terminal: type should be a name such as xterm-256color");
  return { cols, rows, type };
}

const isSide = (value: unknown): value is number =>
  typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= maxSide;

const bad = (message: string): UserError =>
  new UserError(`request: ${message}`, { code: "bad-request" });
