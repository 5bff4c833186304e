import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { UserError } from "../../src/core/errors.ts";
import type { InstanceConfig } from "../../src/core/server/instance.ts";
import { openState, type State } from "../../src/adapters/state/state.ts";

/** A directory of its own for one test, removed behind it. */
export function scratch(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), "mypaas-test-"));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** An open state database in a directory of its own. */
export function scratchState(t: TestContext): State {
  const state = openState(join(scratch(t), "state.db"));
  t.after(() => state.close());
  return state;
}

/** Everything a person would read of a UserError. */
export function shown(error: unknown): string {
  if (!(error instanceof UserError)) throw error;
  return [
    error.message,
    ...error.details,
    ...(error.hint === undefined ? [] : [`hint: ${error.hint}`]),
  ].join("\n");
}

/** What a call throws, as a person would read it. */
export async function refusal(call: () => unknown): Promise<string> {
  try {
    await call();
  } catch (error) {
    return shown(error);
  }
  throw new Error("nothing was refused");
}

export function testConfig(dir: string, more: Partial<InstanceConfig> = {}): InstanceConfig {
  return {
    version: 1,
    instance: "mypaas",
    server: "0123456789abcdef",
    stateDir: `${dir}/state`,
    runDir: `${dir}/run`,
    bind: "127.0.0.1",
    httpPort: 80,
    httpsPort: 443,
    domain: "paas.example.com",
    traefikImage: "traefik:test",
    receiverImage: "receiver:test",
    owner: { name: "ann", home: `${dir}/home` },
    volumes: { allow: [] },
    ...more,
  };
}
