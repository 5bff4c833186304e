import { PassThrough } from "node:stream";
import type Docker from "dockerode";
import { lineSplitter } from "./build-log.ts";
import { tolerating } from "./client.ts";

export interface RunToEnd {
  /** One line of its output, without terminal controls. */
  readonly onLine: (text: string) => void;
  /** Asks the program to end, and kills it when it does not. */
  readonly signal: AbortSignal;
}

const stopSeconds = 10;

/** Starts a container that was created, passes its output on and returns when it has ended. */
export async function runToEnd(
  docker: Docker,
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
    await readLines(docker, log, onLine);
    await tolerating([404], container.wait());
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

/** Both streams line by line, until the engine closes the log because the program has ended. */
async function readLines(
  docker: Docker,
  log: NodeJS.ReadableStream,
  onLine: (text: string) => void,
): Promise<void> {
  const splitters = { out: lineSplitter(onLine), err: lineSplitter(onLine) };
  const into = (splitter: Splitter): PassThrough =>
    new PassThrough().on("data", (chunk: Buffer) => splitter.write(chunk));
  docker.modem.demuxStream(log, into(splitters.out), into(splitters.err));
  await new Promise<void>((resolve, reject) => {
    log.on("end", resolve).on("close", resolve).on("error", reject);
  });
  for (const splitter of Object.values(splitters)) splitter.flush();
}

type Splitter = ReturnType<typeof lineSplitter>;
