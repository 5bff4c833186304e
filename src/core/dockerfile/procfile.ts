import { isProcessName, web } from "../release/processes.ts";
import { problemList, type Problem } from "./problems.ts";
import { show } from "./values.ts";

/** The commands of a Procfile, by name of the process. */
export interface ProcfileLines {
  /** Undefined without a line `web:`. */
  readonly web: string | undefined;
  /** Of the line `release:`. */
  readonly release: string | undefined;
  /** All others, in file order. */
  readonly others: ReadonlyMap<string, string>;
}

export const noProcfile: ProcfileLines = { web: undefined, release: undefined, others: new Map() };

/** A Procfile as read: its bytes, and its name in messages. */
export interface ProcfileText {
  readonly bytes: Uint8Array;
  readonly file: string;
}

/** The name of the file, beside the Dockerfile. */
export const procfileName = "Procfile";

/** No real one is longer. */
export const maxProcfileBytes = 64 * 1024;
const maxCommand = 4096;

/** Reads `NAME: command` on each line; empty lines and lines that begin with `#` do not count. Never throws. */
export function parseProcfile({ bytes, file }: ProcfileText): {
  readonly lines: ProcfileLines;
  readonly problems: readonly Problem[];
} {
  const problems = problemList(file);
  const commands = new Map<string, string>();
  const places = new Map<string, number>();
  const size = bytes.length;
  if (size > maxProcfileBytes)
    problems.add({ line: 1, column: 1 }, `has ${size} bytes, more than ${maxProcfileBytes}`);
  const text = size > maxProcfileBytes ? "" : new TextDecoder().decode(bytes);
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const trimmed = raw.trim();
    if (trimmed === "" || trimmed.startsWith("#")) continue;
    const place = { line: index + 1, column: raw.length - raw.trimStart().length + 1 };
    const [, name = "", command = ""] = /^([\w.-]+):\s*(.*)$/.exec(trimmed) ?? [];
    const wrong = wrongLine({ trimmed, name, command, before: places.get(name) });
    if (wrong !== undefined) {
      problems.add(place, wrong.message, wrong.hint);
      continue;
    }
    commands.set(name, command);
    places.set(name, place.line);
  }
  const others = new Map([...commands].filter(([name]) => name !== web && name !== "release"));
  return {
    lines: { web: commands.get(web), release: commands.get("release"), others },
    problems: problems.sorted(),
  };
}

interface Wrong {
  readonly message: string;
  readonly hint?: string;
}

function wrongLine(line: {
  readonly trimmed: string;
  readonly name: string;
  readonly command: string;
  readonly before: number | undefined;
}): Wrong | undefined {
  const { trimmed, name, command, before } = line;
  if (name === "")
    return {
      message: `should be NAME: command, got "${show(trimmed)}"`,
      hint: "such as: worker: node worker.js",
    };
  if (!isProcessName(name))
    return {
      message: `process "${show(name)}": should be letters a-z, digits and hyphens, at most 30, a letter first`,
    };
  if (before !== undefined) return { message: `process ${name} is already on line ${before}` };
  if (command === "") return { message: `process ${name} has no command` };
  if (command.length > maxCommand)
    return { message: `process ${name}: its command is longer than ${maxCommand} characters` };
  // eslint-disable-next-line no-control-regex
  if (/[\u0000-\u0008\u000b-\u001f\u007f\u2028\u2029\ufffd]/.test(command))
    return { message: `process ${name}: its command has control characters` };
  return undefined;
}
