import { cleanLine, keepTail, lineSplitter, type BuildLog } from "./build-log.ts";

/** The log of a build of the classic builder, in the same words as BuildKit's. */
export function classicLog(onLine: (text: string) => void): BuildLog {
  let instruction: string | undefined;
  let tail: string[] = [];
  const encoder = new TextEncoder();
  const output = lineSplitter((line) => {
    const step = /^Step (\d+\/\d+) : (.*)$/.exec(line);
    if (step !== null) {
      instruction = step[2] ?? "";
      tail = [];
      onLine(`[${step[1]}] ${instruction}`);
      return;
    }
    if (line === " ---> Using cache") onLine("CACHED");
    if (line === "" || bookkeeping.test(line)) return;
    keepTail(tail, line);
    onLine(line);
  });
  return {
    take(message) {
      const { stream, status, id } = message;
      if (typeof stream === "string") output.write(encoder.encode(withoutPaint(stream)));
      else if (typeof status === "string" && pullEnds.test(status)) {
        onLine(cleanLine(typeof id === "string" ? `${id}: ${status}` : status));
      }
      if (message["error"] !== undefined) output.flush();
    },
    step: () => instruction,
    tail: () => tail,
  };
}

/** The classic builder paints everything on stderr red. */
function withoutPaint(stream: string): string {
  return stream.startsWith("\u001b[91m") && stream.endsWith("\u001b[0m")
    ? stream.slice("\u001b[91m".length, -"\u001b[0m".length)
    : stream;
}

const bookkeeping = /^( --->|Removing intermediate container |Successfully (built|tagged) )/;

/** Of a pull, only what happens once per layer. */
const pullEnds = /^(Pulling from|Pull complete|Digest:|Status:)/;
