import { outputOf } from "./demux.ts";
import { answering, openDocker } from "./client.ts";

/** A line of a container's log and when it was printed, milliseconds since the epoch. */
export interface StampedLine {
  readonly at: number;
  readonly text: string;
}

/** What one of mypaas' own containers has printed since a moment (milliseconds since the epoch), its newest 1 000 lines. */
export async function recentLog(
  socketPath: string,
  { name, since }: { readonly name: string; readonly since: number },
): Promise<readonly StampedLine[]> {
  const text = await answering(read(socketPath, name, Math.floor(since / 1000)));
  return text.split("\n").flatMap((line) => {
    const [, stamp = "", rest = ""] = /^(\S+) (.*)$/.exec(line) ?? [];
    const at = Date.parse(stamp);
    // Docker begins with a whole second.
    return at >= since ? [{ at, text: rest }] : [];
  });
}

async function read(socketPath: string, name: string, since: number): Promise<string> {
  const asked = { stdout: true, stderr: true, follow: false, timestamps: true, since } as const;
  const container = openDocker(socketPath).getContainer(name);
  const answer = await container.logs({ ...asked, tail: 1000 });
  const text: Buffer[] = [];
  for await (const { bytes } of outputOf([answer] as unknown as AsyncIterable<Buffer>, false))
    text.push(Buffer.from(bytes));
  return Buffer.concat(text).toString("utf8");
}
