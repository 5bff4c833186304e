import { UserError } from "../../core/errors.ts";
import { formatDuration } from "../../core/format.ts";
import type { Release } from "../../core/release/release.ts";
import { ensureVolumes } from "./start-replicas.ts";
import { initHint } from "../../core/server/first-process.ts";
import { killedForMemory } from "../failures/describe-failure.ts";
import type { ProgramEnd } from "../ports.ts";
import { messages } from "../messages.ts";
import { step } from "./step.ts";
import type { SwitchContext } from "../switch-context.ts";

const betweenNewsMs = 30_000;
const shownLines = 20;

/** Runs the command of `# mypaas.release` once in the new image, while the old release serves on; throws UserError "release-command" unless it ends with 0. */
export async function runReleaseCommand(context: SwitchContext): Promise<void> {
  const { engine, release, clock, say, signal } = context;
  if (release.spec.release === undefined) return;
  signal.throwIfAborted();
  say(messages.running(release));
  const tail: string[] = [];
  const onLine = (text: string): void => {
    say({ kind: "output", text });
    if (tail.push(text) > shownLines) tail.shift();
  };
  await step(context, "release-command", async () => {
    await ensureVolumes(engine, release);
    const begun = clock.now();
    const end = await withNews(context, () => engine.runCommand(release, { onLine, signal }));
    signal.throwIfAborted();
    const afterMs = clock.now() - begun;
    if (end.exitCode !== 0 || end.error !== "") throw failure(release, end, { afterMs, tail });
    say(messages.ran(release, afterMs));
  });
}

/** Says every now and then that it still runs: a migration may be silent for long. */
async function withNews<T>(
  { clock, release, say }: SwitchContext,
  work: () => Promise<T>,
): Promise<T> {
  const over = new AbortController();
  const begun = clock.now();
  const tell = async (): Promise<void> => {
    for (;;) {
      await clock.sleep(betweenNewsMs, over.signal);
      say(messages.stillRunning(release, clock.now() - begun));
    }
  };
  const telling = tell().catch(() => undefined);
  try {
    return await work();
  } finally {
    over.abort();
    await telling;
  }
}

function failure(
  { spec }: Release,
  end: ProgramEnd,
  seen: { readonly afterMs: number; readonly tail: readonly string[] },
): UserError {
  const what = describeEnd(spec, end, formatDuration(seen.afterMs));
  return new UserError(`deploy ${spec.service}: release command ${what}: ${spec.release}`, {
    code: "release-command",
    hint:
      initHint(spec, end.program ?? [], seen.tail) ??
      "run it in the image by hand, or change # mypaas.release",
    details: seen.tail,
  });
}

function describeEnd(
  spec: Release["spec"],
  { exitCode, oomKilled, error }: ProgramEnd,
  time: string,
) {
  if (error !== "") return `could not start (${error})`;
  if (!oomKilled) return `ended with exit code ${exitCode} after ${time}`;
  return `${killedForMemory(spec).what}, after ${time}`;
}
