import { createHash } from "node:crypto";

/** The part of WebSocket (RFC 6455) that an echo of short texts needs, for both ends. */
export interface Frame {
  readonly opcode: number;
  readonly data: Buffer;
}

export const opcodes = { text: 1, close: 8 } as const;
const longest = 125;

/** What the server answers to a client's key. */
export const acceptKey = (key: string): string =>
  createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");

/** One whole frame; clients must mask theirs. */
export function encodeFrame({ opcode, data }: Frame, mask?: Buffer): Buffer {
  if (data.length > longest) throw new Error(`a frame of ${data.length} bytes, ${longest} at most`);
  const head = [0x80 | opcode, (mask === undefined ? 0 : 0x80) | data.length];
  if (mask === undefined) return Buffer.concat([Buffer.from(head), data]);
  return Buffer.concat([Buffer.from(head), mask, masked(data, mask)]);
}

/** Takes bytes as they come and returns the frames that they complete. */
export function createFrameReader(): (chunk: Buffer) => readonly Frame[] {
  let rest = Buffer.alloc(0);
  return (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    const frames: Frame[] = [];
    for (;;) {
      const [first = 0, second = 0] = rest;
      const length = second & 0x7f;
      if (length > longest || (rest.length > 0 && (first & 0xf0) !== 0x80))
        throw new Error("a frame of another kind");
      const start = 2 + (second & 0x80 ? 4 : 0);
      if (rest.length < start + length) return frames;
      const data = rest.subarray(start, start + length);
      frames.push({ opcode: first & 0x0f, data: masked(data, rest.subarray(2, start)) });
      rest = rest.subarray(start + length);
    }
  };
}

const masked = (data: Buffer, mask: Buffer): Buffer =>
  Buffer.from(data.map((byte, at) => byte ^ (mask[at % 4] ?? 0)));
