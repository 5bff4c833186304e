import { hasControls } from "../push/manifest.ts";
import type { Folder } from "./folder.ts";
import { Question } from "./question.ts";

/** What a language is asked with. */
export interface Asked {
  readonly folder: Folder;
  /** The command of the Procfile's line `web:`. */
  readonly web: string | undefined;
  readonly port: number;
}

/** What a language contributes. */
export interface Made {
  /** Such as `python (pip, flask)`. */
  readonly what: string;
  /** Instructions and their comments, line by line. */
  readonly lines: readonly string[];
  /** Lines of the .dockerignore. */
  readonly ignore: readonly string[];
  /** Sentences about what may surprise. */
  readonly notes: readonly string[];
  /** Keys of mypaas that go with it, such as a release command; a line of the Procfile goes before. */
  readonly keys?: readonly (readonly [key: string, value: string])[];
}

/** Drops what does not apply. */
export const lines = (...all: readonly (string | false | undefined)[]): readonly string[] =>
  all.filter((line) => typeof line === "string");

/** The CMD of a command: by its words, so that signals reach the program; through a shell only where the command needs one. Throws Question for a command that no line can hold. */
export function cmd(command: string, place: string): string {
  const text = command.trim();
  if (hasControls(text))
    throw new Question(`${place}: has control characters`, "write the command in one plain line");
  if (/^[\w@%+=:,./-][\w@%+=:,./ -]*$/.test(text) && !/^\w+=/.test(text))
    return cmdOf(text.split(/\s+/));
  const whole = withExec(text);
  // A line that looks like more than one to a reader of Dockerfiles, or to a person.
  if (/\\|<<|[^\x20-\x7e]/.test(whole)) return cmdOf(["sh", "-c", whole]);
  return `CMD ${whole}`;
}

/** The CMD of a program and its arguments, which no shell reads. */
export const cmdOf = (words: readonly string[]): string =>
  `CMD [${words.map((word) => JSON.stringify(word)).join(", ")}]`;

/** `exec` before the program that stays, so that the shell does not stand between it and its signals. */
function withExec(text: string): string {
  if (/^exec\s/.test(text)) return text;
  // Where quotes or brackets may hold any of these, the shell stays.
  if (/[;|&()<>`\n{}]/.test(text.replaceAll("&&", "").replace(/\$\{\w+(?::-[\w.]*)?\}/g, "")))
    return text;
  const steps = text.split(/\s*&&\s*/);
  if (steps.length > 1 && /["']/.test(text)) return text;
  const last = steps.pop() ?? "";
  const program = /^\w+=/.test(last) ? `exec env ${last}` : `exec ${last}`;
  return [...steps, program].join(" && ");
}

/** `COPY` of files that are there, the first of them always. */
export const copy = (files: readonly string[], to = "./"): string =>
  `COPY ${files.join(" ")} ${to}`;
