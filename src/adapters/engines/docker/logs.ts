import { stripControls } from "../../../core/terminal-text.ts";
import { framesOf } from "./log-frames.ts";

/** Longer lines are cut: they are evidence below a message, not a download. */
const maxLineLength = 2000;

interface LogLine {
  readonly at: string;
  readonly stream: string;
  text: string;
  open: boolean;
}

/** Takes the engine's multiplexed log with timestamps apart: lines of both streams by time, without terminal controls; a frame cut off at the end is ignored. */
export function readLog(log: Buffer): readonly string[] {
  const lines: LogLine[] = [];
  for (const { stream, body } of framesOf(log)) addFrame(lines, stream, body.toString());
  return lines
    .toSorted((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0))
    .map((line) => cut(stripControls(line.text)));
}

/** The engine splits a line of more than 16 KiB over several frames, only the last of which ends with a line feed. */
function addFrame(lines: LogLine[], stream: string, frame: string): void {
  const space = frame.indexOf(" ");
  const text = frame.slice(space + 1);
  const open = !text.endsWith("\n");
  const before = lines.findLast((line) => line.stream === stream);
  if (before?.open === true) {
    before.text += text.trimEnd();
    before.open = open;
    return;
  }
  const at = frame.slice(0, Math.max(space, 0));
  lines.push({ at, stream, text: text.trimEnd(), open });
}

const cut = (text: string): string =>
  text.length > maxLineLength ? `${text.slice(0, maxLineLength)}…` : text;
