/** A piece of what a program says. */
export interface Output {
  readonly stream: "stdout" | "stderr";
  readonly bytes: Uint8Array;
}

const headBytes = 8;

/** Takes the engine's multiplexed stream apart piece by piece as it comes, so that a frame of any length needs no memory of its own; with a terminal there is one stream and nothing to take apart. */
export async function* outputOf(
  source: AsyncIterable<unknown>,
  isTerminal: boolean,
): AsyncGenerator<Output> {
  let head = Buffer.alloc(0);
  let left = 0;
  for await (const chunk of source) {
    let bytes = chunk as Buffer;
    if (isTerminal) {
      yield { stream: "stdout", bytes };
      continue;
    }
    while (bytes.length > 0) {
      if (left === 0) {
        const missing = headBytes - head.length;
        head = Buffer.concat([head, bytes.subarray(0, missing)]);
        bytes = bytes.subarray(missing);
        if (head.length < headBytes) break;
        left = head.readUInt32BE(4);
        if (left === 0) head = Buffer.alloc(0);
        continue;
      }
      const piece = bytes.subarray(0, left);
      bytes = bytes.subarray(piece.length);
      left -= piece.length;
      yield { stream: head.readUInt8(0) === 2 ? "stderr" : "stdout", bytes: piece };
      if (left === 0) head = Buffer.alloc(0);
    }
  }
}
