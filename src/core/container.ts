import type { Mount } from "./release.ts";
import type { PublishSpec } from "./spec.ts";

/** One container as mypaas wants it, in our words; `adapters/docker` translates it for the engine. */
export interface ContainerPlan {
  readonly name: string;
  readonly image: string;
  readonly env: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly network: string;
  readonly aliases: readonly string[];
  readonly mounts: readonly Mount[];
  readonly publish: readonly PublishSpec[];
  readonly maxCpu: number | undefined;
  readonly maxMemoryBytes: number | undefined;
  readonly stopTimeoutMs: number;
  readonly capAdd: readonly string[];
  readonly pidsLimit: number;
}
