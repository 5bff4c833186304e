import { UserError } from "../../core/errors.ts";
import type { Clock } from "../../deploy/ports.ts";
import { endedWithin } from "../ended-within.ts";
import { failed, skipped, type Check, type Finding } from "../../core/health/check.ts";
import { command, hint, hintOf } from "../../core/hints.ts";

/** One check. */
export interface CheckSpec<CheckContext> {
  readonly id: string;
  readonly title: string;
  /** May throw; the error becomes a finding. */
  readonly check: (context: CheckContext) => Promise<Finding | readonly Finding[]>;
}

/** Runs all checks at the same time, in the order of the list. None can hide or delay another. */
export async function runChecks<CheckContext>(
  specs: readonly CheckSpec<CheckContext>[],
  context: CheckContext,
  { sleep, timeoutMs }: { readonly sleep: Clock["sleep"]; readonly timeoutMs: number },
): Promise<readonly Check[]> {
  const checkOnce = async ({ id, title, check }: CheckSpec<CheckContext>) => {
    const found = attempt(check, context);
    const isInTime = await endedWithin({ sleep }, found, { ms: timeoutMs });
    const findings = isInTime ? await found : [late(timeoutMs)];
    return findings.map((finding): Check => ({ id, title, ...finding }));
  };
  return (await Promise.all(specs.map(checkOnce))).flat();
}

async function attempt<CheckContext>(
  check: CheckSpec<CheckContext>["check"],
  context: CheckContext,
): Promise<readonly Finding[]> {
  try {
    const found = await check(context);
    return Array.isArray(found) ? found : [found as Finding];
  } catch (error) {
    return [ofError(error)];
  }
}

/** The Docker check and the Traefik check report these. */
const awayCodes = new Set(["docker-unreachable", "traefik-away"]);

function ofError(error: unknown): Finding {
  const message = error instanceof Error ? error.message : String(error);
  if (!(error instanceof UserError))
    return failed(
      `could not be checked: ${message}`,
      "check the worker: systemctl status mypaas-worker",
    );
  if (awayCodes.has(error.code)) return skipped(message);
  return failed(message, hintOf(error) ?? hint`repair the server: sudo ${command("init")}`);
}

const late = (ms: number): Finding =>
  failed(
    `no answer within ${Math.round(ms / 1000)} s`,
    "see what keeps the server busy: uptime, then journalctl -u docker --since -10min",
  );
