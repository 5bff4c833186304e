import type { Check } from "../../core/health/check.ts";
import type { CommandFile, CommandIo, ExitCode, ServerOptions } from "../command.ts";
import { ask } from "../connect/ask.ts";
import { count, describeChecks } from "../output/doctor-report.ts";
import type { Outside } from "../connect/doctor-outside.ts";
import { UserError } from "../../core/errors.ts";
import { hintedFor } from "../output/remote-hint.ts";
import { themeOf } from "../output/theme.ts";

export const declaration: CommandFile = {
  examples: ["sudo mypaas doctor", "mypaas doctor -r prod --json"],
  run: doctor,
};

/** `mypaas doctor [-r NAME]`: what the server sees of itself and what can be seen of it from here; 1 if anything failed. */
export async function doctor(args: ServerOptions, io: CommandIo): Promise<ExitCode> {
  const checks = await examineServer(args, io);
  const [failed, warnings] = [count(checks, "failed"), count(checks, "warning")];
  io.answer(describeChecks(checks, themeOf(io.world, "stdout")), { checks, failed, warnings });
  return failed > 0 ? 1 : 0;
}

/** All checks, with hints that can be typed here. */
export async function examineServer(args: ServerOptions, io: CommandIo): Promise<readonly Check[]> {
  const found = await examine(await whereFrom(args, io), args, io);
  return found.map((one) => hintedFor(args.remote, one));
}

async function examine(
  outside: Outside,
  args: ServerOptions,
  io: CommandIo,
): Promise<readonly Check[]> {
  const { lookFromHere, lookWithoutWorker } = await import("../connect/doctor-outside.ts");
  const begun = io.world.now();
  const { host } = outside;
  const which = host === undefined ? {} : { host };
  try {
    const health = await ask({ action: "doctor", ...which }, args, io);
    const seen = { health, begun, ended: io.world.now() };
    return [...(await lookFromHere(outside, seen, io)), ...health.checks];
  } catch (error) {
    if (!(error instanceof UserError) || !signsOfIllness.has(error.code)) throw error;
    return lookWithoutWorker(outside, error, io);
  }
}

/** Anything else is no, and not that the server cannot answer. */
const signsOfIllness: ReadonlySet<string> = new Set([
  "no-worker",
  "connection",
  "certificate",
  "not-mypaas",
  "worker-away",
  "wrong-pin",
  "protocol",
  "stalled",
  "clock",
  "busy",
  "bug",
]);

/** An unknown remote is wrong usage, not a problem of a server. */
async function whereFrom(args: ServerOptions, io: CommandIo): Promise<Outside> {
  const { findRemote, usualRemote } = await import("../connect/connect.ts");
  const wanted = args.remote ?? usualRemote(io);
  if (wanted === undefined) return {};
  const remote = await findRemote(io, wanted);
  const url = new URL(remote.origin);
  return { host: url.hostname.replace(/^\[(.*)\]$/, "$1"), port: Number(url.port || 443), remote };
}
