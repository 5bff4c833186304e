import type { Socket } from "node:net";

const maxLineBytes = 64 * 1024;

/** Reads one line of a connection and leaves what follows it to the next reader. Throws when the connection ends before, or the line has no end. */
export async function firstLine(socket: Socket): Promise<string> {
  let read = Buffer.alloc(0);
  // Not by iteration, which would end the connection with its loop.
  for (;;) {
    const piece: unknown = socket.read();
    if (piece === null) {
      if (socket.readableEnded || socket.destroyed) throw closed();
      // oxlint-disable-next-line no-await-in-loop
      await untilReadable(socket);
      continue;
    }
    read = Buffer.concat([read, piece as Buffer]);
    const at = read.indexOf(10);
    if (at < 0 && read.length > maxLineBytes) throw new Error("a line without end");
    if (at < 0) continue;
    const rest = read.subarray(at + 1);
    if (rest.length > 0) socket.unshift(rest);
    return read.toString("utf8", 0, at);
  }
}

const untilReadable = (socket: Socket): Promise<void> =>
  new Promise((resolve) => {
    const done = () => {
      for (const event of ["readable", "end", "close"]) socket.off(event, done);
      resolve();
    };
    for (const event of ["readable", "end", "close"]) socket.once(event, done);
  });

const closed = () => new Error("closed before its line was whole");
