import type { OptionRow } from "../command-builder.ts";

/** Options of commands that build an image, as they are parsed. */
export interface BuildArgs {
  readonly context?: string | undefined;
  readonly pull?: boolean;
  /** False with `--no-cache`. */
  readonly cache: boolean;
  readonly takeFrom?: string | undefined;
}

export const buildOptions: readonly OptionRow[] = [
  ["--context <dir>", "folder to send (default: the current one, or the Dockerfile's if outside)"],
  ["--pull", "look for newer base images"],
  ["--no-cache", "build every step again"],
  ["--take-from <service>", "take over routes that this service has now"],
];
