import type { AnyServiceArgs, CommandFile, CommandIo, ExitCode } from "../command.ts";
import { withServer } from "../connect/ask.ts";
import { readSnapshot } from "../input/snapshot.ts";
import { renderPs } from "../output/render-ps.ts";
import { commandLine, option } from "../output/shell-words.ts";

export interface PsArgs extends AnyServiceArgs {
  readonly watch?: boolean;
}

export const declaration: CommandFile = {
  options: [["-w, --watch", "update it every 2 s, until Ctrl-C"]],
  examples: ["mypaas ps -r prod", "mypaas ps web --watch -r prod"],
  run: ps,
};

/** `mypaas ps [SERVICE]`: what runs, how it is and how its last deploy ended; with `--watch` again every 2 s until Ctrl-C. */
export async function ps(args: PsArgs, io: CommandIo): Promise<ExitCode> {
  const { service, watch = false } = args;
  const { interrupted: signal, stdout } = io.world;
  const { sayBroken } = await import("../connect/follow-job.ts");
  const { followStream } = await import("../../adapters/wire/stream.ts");
  return withServer(args, io, async ({ begin, learn }) => {
    try {
      const which = service === undefined ? {} : { service };
      const { request, place } = await begin({ action: "ps", watch, ...which });
      const onBroken = () => sayBroken(place, io);
      const again = commandLine("mypaas", "ps", service, ...option("-r", args.remote));
      const cursor = () => "";
      for await (const line of followStream({ request, place, signal, cursor, onBroken, again })) {
        const snapshot = readSnapshot(line);
        if (snapshot === undefined) continue;
        if (service === undefined) await learn(() => snapshot.services.map((one) => one.service));
        const text = renderPs(snapshot, service);
        if (watch && stdout.isTTY && !io.json) stdout.write(clear);
        io.answer(watch && !stdout.isTTY ? `${text}\n` : text, snapshot);
        if (!watch || signal.aborted) break;
      }
    } catch (error) {
      if (!watch || !signal.aborted) throw error;
    }
    return signal.aborted ? 130 : 0;
  });
}

const clear = "\u001b[H\u001b[2J\u001b[3J";
