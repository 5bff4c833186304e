/** One line of a container's log as the engine has it. */
export interface RawLine {
  readonly stream: "stdout" | "stderr";
  /** RFC 3339 in UTC with nine digits. */
  readonly at: string;
  readonly text: string;
  /** The next one of this stream continues the line. */
  readonly isCut?: true;
}

/** Longer lines come in pieces of the same time; an app without line ends must not fill the memory. */
const maxLineBytes = 128 * 1024;
const maxFrameBytes = 8 * 1024 * 1024;
const headBytes = 8;

interface Open {
  readonly at: string;
  pieces: Buffer[];
  size: number;
}

/** Takes the engine's multiplexed log with timestamps apart as it comes; a line that the engine has split is put together again, one that is not complete when the log ends is left for the next reading. */
export function createFrameReader(): (chunk: Buffer) => readonly RawLine[] {
  const open = new Map<RawLine["stream"], Open>();
  let rest: Buffer = Buffer.alloc(0);
  return (chunk) => {
    const lines: RawLine[] = [];
    const log = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let read = 0;
    for (const { stream, body, end } of framesOf(log)) {
      addFrame(body, stream, open, lines);
      read = end;
    }
    rest = Buffer.from(log.subarray(read));
    const size = rest.length < headBytes ? 0 : rest.readUInt32BE(4);
    if (size > maxFrameBytes) throw new Error(`docker: a log frame of ${size} bytes`);
    return lines;
  };
}

/** The frames of a multiplexed log, and where each ends; one cut off at the end is left out. */
export function* framesOf(log: Buffer) {
  for (let offset = 0; offset + headBytes <= log.length;) {
    const end = offset + headBytes + log.readUInt32BE(offset + 4);
    if (end > log.length) return;
    const stream = log.readUInt8(offset) === 2 ? ("stderr" as const) : ("stdout" as const);
    yield { stream, body: log.subarray(offset + headBytes, end), end };
    offset = end;
  }
}

const lineFeed = 10;
const space = 32;

function addFrame(
  frame: Buffer,
  stream: RawLine["stream"],
  open: Map<RawLine["stream"], Open>,
  lines: RawLine[],
): void {
  const gap = frame.indexOf(space);
  const isComplete = frame.at(-1) === lineFeed;
  const body = frame.subarray(gap + 1, isComplete ? -1 : undefined);
  const line = open.get(stream) ?? { at: frame.toString("latin1", 0, gap), pieces: [], size: 0 };
  line.pieces.push(Buffer.from(body));
  line.size += body.length;
  open.set(stream, line);
  if (!isComplete && line.size < maxLineBytes) return;
  const bytes = Buffer.concat(line.pieces);
  if (isComplete) {
    open.delete(stream);
    lines.push({ stream, at: line.at, text: bytes.toString("utf8") });
    return;
  }
  const end = letterEnd(bytes);
  lines.push({ stream, at: line.at, text: bytes.toString("utf8", 0, end), isCut: true });
  const rest = bytes.subarray(end);
  open.set(stream, { at: line.at, pieces: [rest], size: rest.length });
}

/** Where the last whole letter of UTF-8 ends. */
function letterEnd(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte < 0x80) return bytes.length;
    if (byte < 0xc0) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
    return back < length ? bytes.length - back : bytes.length;
  }
  return bytes.length;
}
