import { fieldNames, specTable } from "../dockerfile/keys/table.ts";
import type { Change } from "./change.ts";
import type { Release } from "./release.ts";
import type { ServiceSpec } from "./spec.ts";

/** Fields whose changes are shown first; the others follow in the order of the table. */
const shownFirst = ["routes", "env", "volumes", "publish", "scale", "port", "stripPrefix"] as const;
const order = [...new Set<keyof ServiceSpec>([...shownFirst, ...fieldNames])];

/** Everything that a switch to `to` changes; empty when only the release number changes. */
export function changesBetween(from: Release | undefined, to: Release): readonly Change[] {
  const changes = order.flatMap((field) => fieldChanges(field, from, to));
  return [...imageChange(from, to), ...changes.toSorted((a, b) => rank(a) - rank(b))];
}

/** Settings that are removed follow the others; build arguments are last. */
function rank(change: Change): number {
  if (change.kind === "build-arg") return 2;
  return change.kind === "setting" && change.to === undefined ? 1 : 0;
}

function fieldChanges<F extends keyof ServiceSpec>(
  field: F,
  from: Release | undefined,
  to: Release,
): readonly Change[] {
  const side = (release: Release) => ({ value: release.spec[field], release });
  return specTable[field].changes(from && side(from), side(to));
}

function imageChange(from: Release | undefined, to: Release): readonly Change[] {
  if (from === undefined) return [{ kind: "image", to: to.image }];
  return from.image === to.image ? [] : [{ kind: "image", from: from.image, to: to.image }];
}
