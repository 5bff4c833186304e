import { stripControls } from "../../../core/terminal-text.ts";

/** Turns the messages of a running build into lines, and keeps the step and the last lines for the error of a failure. */
export interface BuildLog {
  readonly take: (message: Readonly<Record<string, unknown>>) => void;
  /** The instruction that failed or ran last, such as `RUN npm test`. */
  readonly step: () => string | undefined;
  /** The last lines that this step wrote. */
  readonly tail: () => readonly string[];
}

const tailLength = 20;
const maxLineLength = 2000;

/** Of a line without an end so much is kept; what follows cannot be shown anyway. */
const maxOpenLength = 64 * 1024;

/** Splits output that arrives in pieces into clean lines, each as one; of a line redrawn with carriage returns the last state counts. */
export function lineSplitter(onLine: (text: string) => void) {
  const decoder = new TextDecoder();
  let rest = "";
  const flush = (): void => {
    if (rest.trim() !== "") onLine(cleanLine(rest));
    rest = "";
  };
  return {
    write(chunk: Uint8Array): void {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) onLine(cleanLine(line));
      if (rest.length > maxOpenLength) rest = shortened(rest);
    },
    flush,
  };
}

function shortened(line: string): string {
  const drawn = line.replace(/\r+$/, "");
  return drawn.slice(drawn.lastIndexOf("\r") + 1).slice(0, maxOpenLength);
}

/** One line of foreign output, safe for a terminal. */
export function cleanLine(line: string): string {
  const drawn = line
    .replace(/\r+$/, "")
    .split("\r")
    .findLast((part) => part !== "");
  const text = stripControls(drawn ?? "").trimEnd();
  return text.length > maxLineLength ? `${text.slice(0, maxLineLength)}…` : text;
}

/** Adds a line and forgets the oldest ones. */
export function keepTail(lines: string[], line: string): void {
  if (line.trim() === "") return;
  lines.push(line);
  if (lines.length > tailLength) lines.shift();
}

/** `after 3.2 s`-like numbers for people. */
export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
