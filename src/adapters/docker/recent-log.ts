import { outputOf } from "./demux.ts";
import { answering, openDocker } from "./client.ts";

/** What one of mypaas' own containers has printed since a moment (milliseconds since the epoch), its newest 1 000 lines. */
export function recentLog(
  socketPath: string,
  { name, since }: { readonly name: string; readonly since: number },
): Promise<string> {
  return answering(read(socketPath, { name, since }));
}

async function read(
  socketPath: string,
  { name, since }: { readonly name: string; readonly since: number },
): Promise<string> {
  const answer = await openDocker(socketPath)
    .getContainer(name)
    .logs({
      stdout: true,
      stderr: true,
      follow: false,
      tail: 1000,
      since: Math.floor(since / 1000),
    });
  const text: Buffer[] = [];
  for await (const { bytes } of outputOf([answer] as unknown as AsyncIterable<Buffer>, false))
    text.push(Buffer.from(bytes));
  return Buffer.concat(text).toString("utf8");
}
