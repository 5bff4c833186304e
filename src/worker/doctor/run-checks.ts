import { UserError } from "../../core/errors.ts";
import type { Clock } from "../../deploy/ports.ts";
import { failed, skipped, type Check, type Finding } from "../../core/health/check.ts";
import { command, hint, hintOf } from "../../core/hints.ts";

/** One thing to look at. */
export interface CheckSpec<Ground> {
  readonly id: string;
  readonly title: string;
  /** May throw: that is a finding too. */
  readonly look: (ground: Ground) => Promise<Finding | readonly Finding[]>;
}

export interface RunOptions {
  readonly sleep: Clock["sleep"];
  readonly timeoutMs: number;
}

/** Looks at everything side by side; the result has the order of the list, and none of them can hide or hold up another. */
export async function runChecks<Ground>(
  specs: readonly CheckSpec<Ground>[],
  ground: Ground,
  options: RunOptions,
): Promise<readonly Check[]> {
  const found = await Promise.all(specs.map((spec) => lookOnce(spec, ground, options)));
  return found.flat();
}

async function lookOnce<Ground>(
  { id, title, look }: CheckSpec<Ground>,
  ground: Ground,
  { sleep, timeoutMs }: RunOptions,
): Promise<readonly Check[]> {
  const ended = new AbortController();
  const tooLong = sleep(timeoutMs, ended.signal).then(
    () => late(timeoutMs),
    () => [],
  );
  const findings = await Promise.race([attempt(look, ground), tooLong]);
  ended.abort();
  return findings.map((finding) => ({ id, title, ...finding }));
}

async function attempt<Ground>(
  look: CheckSpec<Ground>["look"],
  ground: Ground,
): Promise<readonly Finding[]> {
  try {
    const found = await look(ground);
    return Array.isArray(found) ? found : [found as Finding];
  } catch (error) {
    return [ofError(error)];
  }
}

/** What is away has a check of its own that says so. */
const awayCodes = new Set(["docker-unreachable", "traefik-away"]);

function ofError(error: unknown): Finding {
  const message = error instanceof Error ? error.message : String(error);
  if (!(error instanceof UserError))
    return failed(
      `could not be checked: ${message}`,
      "look at the worker: systemctl status mypaas-worker",
    );
  if (awayCodes.has(error.code)) return skipped(message);
  return failed(message, hintOf(error) ?? hint`repair the server: sudo ${command("init")}`);
}

const late = (ms: number): readonly Finding[] => [
  failed(
    `no answer within ${Math.round(ms / 1000)} s`,
    "see what keeps the server busy: uptime, then journalctl -u docker --since -10min",
  ),
];
