import { stripControls } from "../../../core/terminal-text.ts";

/** Longer lines are cut: they are evidence below a message, not a download. */
const maxLineLength = 2000;

interface LogLine {
  readonly at: string;
  readonly stream: number;
  text: string;
  open: boolean;
}

/** Takes the engine's multiplexed log with timestamps apart: lines of both streams by time, without terminal controls; a frame cut off at the end is ignored. */
export function readLog(log: Buffer): readonly string[] {
  const lines: LogLine[] = [];
  for (const frame of frames(log)) addFrame(lines, frame);
  return lines
    .toSorted((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0))
    .map((line) => cut(stripControls(line.text)));
}

interface Frame {
  readonly stream: number;
  readonly text: string;
}

function* frames(log: Buffer): Generator<Frame> {
  let offset = 0;
  while (offset + 8 <= log.length) {
    const end = offset + 8 + log.readUInt32BE(offset + 4);
    if (end > log.length) return;
    yield { stream: log.readUInt8(offset), text: log.toString("utf8", offset + 8, end) };
    offset = end;
  }
}

/** The engine splits a line of more than 16 KiB over several frames, only the last of which ends with a line feed. */
function addFrame(lines: LogLine[], frame: Frame): void {
  const space = frame.text.indexOf(" ");
  const text = frame.text.slice(space + 1);
  const open = !text.endsWith("\n");
  const before = lines.findLast((line) => line.stream === frame.stream);
  if (before?.open === true) {
    before.text += text.trimEnd();
    before.open = open;
    return;
  }
  const at = frame.text.slice(0, Math.max(space, 0));
  lines.push({ at, stream: frame.stream, text: text.trimEnd(), open });
}

function cut(text: string): string {
  return text.length > maxLineLength ? `${text.slice(0, maxLineLength)}…` : text;
}
