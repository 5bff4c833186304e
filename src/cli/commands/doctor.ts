import type { Check } from "../../core/health/check.ts";
import type { CommandFile } from "../command-builder.ts";
import { ask, type ServerOptions } from "../connect/ask.ts";
import { describeChecks } from "../output/doctor-report.ts";
import type { Outside } from "../connect/doctor-outside.ts";
import type { CommandIo, ExitCode } from "../io.ts";
import type { Results } from "../../core/actions/actions.ts";
import { UserError } from "../../core/errors.ts";
import { hintFor } from "../output/remote-hint.ts";
import { themeOf } from "../output/theme.ts";

export const declaration: CommandFile = {
  examples: ["sudo mypaas doctor", "mypaas doctor -r prod --json"],
  run: doctor,
};

/** `mypaas doctor [-r NAME]`: what the server sees of itself and what can be seen of it from here; 1 if anything failed. */
export async function doctor(args: ServerOptions, io: CommandIo): Promise<ExitCode> {
  const outside = await whereFrom(args, io);
  const { remote } = args;
  const found = await examine(outside, args, io);
  const checks =
    remote === undefined ? found : found.map((one) => ({ ...one, ...hintFor(remote, one) }));
  const count = (result: Check["result"]) => checks.filter((one) => one.result === result).length;
  const [failed, warnings] = [count("failed"), count("warning")];
  const { stdout, env } = io.world;
  const theme = themeOf({ env, stderr: stdout });
  io.answer(describeChecks(checks, theme), { checks, failed, warnings });
  return failed > 0 ? 1 : 0;
}

async function examine(
  outside: Outside,
  args: ServerOptions,
  io: CommandIo,
): Promise<readonly Check[]> {
  const { lookFromHere, lookWithoutWorker } = await import("../connect/doctor-outside.ts");
  const begun = io.world.now();
  const { host } = outside;
  const action = { action: "doctor", ...(host !== undefined && { host }) } as const;
  try {
    const health = (await ask(action, args, io)) as Results["doctor"];
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
  const wanted = args.remote ?? (io.world.env["MYPAAS_REMOTE"]?.trim() || undefined);
  if (wanted === undefined) return {};
  const { findRemote } = await import("../connect/connect.ts");
  const remote = await findRemote(io, wanted);
  const url = new URL(remote.origin);
  return { host: url.hostname.replace(/^\[(.*)\]$/, "$1"), port: Number(url.port || 443), remote };
}
