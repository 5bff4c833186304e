import type { ServiceSpec } from "../release/spec.ts";
import type { Fact } from "./keys/key.ts";
import { fieldNames, specTable } from "./keys/table.ts";

/** A service as mypaas understood it, one line for each fact, for people. */
export function describeSpec(spec: ServiceSpec): readonly string[] {
  const lines: string[] = [];
  let before = "";
  for (const { title, text, sameLine } of fieldNames.flatMap((name) => factsOf(name, spec))) {
    const last = lines.at(-1) ?? "";
    if (sameLine && title === before) lines.splice(-1, 1, `${last}, ${text}`);
    else lines.push(`  ${(title === before ? "" : title).padEnd(12)} ${text}`);
    before = title;
  }
  return lines;
}

const factsOf = <F extends keyof ServiceSpec>(name: F, spec: ServiceSpec): readonly Fact[] =>
  specTable[name].describe(spec[name], spec);
