import type { ServerValues } from "../../src/core/release/values.ts";

/** Values that were set without `--secret`. */
export const plain = (values: Readonly<Record<string, string>>): ServerValues =>
  Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, { value, isSecret: false }]),
  );

/** Values that were set with `--secret`. */
export const secret = (values: Readonly<Record<string, string>>): ServerValues =>
  Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, { value, isSecret: true }]),
  );
