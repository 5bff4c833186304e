import type Docker from "dockerode";
import { lineSplitter } from "./build-log.ts";
import { tolerating } from "./client.ts";
import { outputOf } from "./demux.ts";

export interface RunToEnd {
  /** One line of its output, without terminal controls. */
  readonly onLine: (text: string) => void;
  /** Asks the program to end, and kills it when it does not. */
  readonly signal: AbortSignal;
}

const stopSeconds = 10;

/** Starts a container that was created, passes its output on and returns when it has ended. */
export async function runToEnd(
  container: Docker.Container,
  { onLine, signal }: RunToEnd,
): Promise<void> {
  await container.start();
  const stop = (): void => {
    // It may have ended meanwhile, which is what was wanted.
    container.stop({ t: stopSeconds }).catch(() => undefined);
  };
  signal.addEventListener("abort", stop);
  if (signal.aborted) stop();
  try {
    const log = await container.logs({ follow: true, stdout: true, stderr: true });
    await readLines(log, onLine);
    await tolerating([404], container.wait());
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

/** Both streams line by line, until the engine closes the log because the program has ended; of two lines of different streams the engine itself does not know which was first. */
async function readLines(log: NodeJS.ReadableStream, onLine: (text: string) => void) {
  const splitters = { stdout: lineSplitter(onLine), stderr: lineSplitter(onLine) };
  for await (const { stream, bytes } of outputOf(log, false)) splitters[stream].write(bytes);
  for (const splitter of Object.values(splitters)) splitter.flush();
}
