import type { Action } from "../../core/wire/protocol.ts";
import type { Results } from "../../core/wire/results.ts";

/** Actions that a server accepts only for a service that it knows, or then will. */
const ofKnown: readonly string[] = ["push", "rollback", "scale", "restart", "stop", "start"];

/** The services of a server that are known by name, once it has accepted this. */
export function namesAfter(
  known: readonly string[],
  action: Action,
  result: unknown,
): readonly string[] {
  if (action.action === "release.list") {
    const { releases } = result as Results["release.list"];
    const names = releases.map(({ service }) => service);
    return action.service === undefined ? names : [...known, ...names];
  }
  if (action.action === "remove") return known.filter((name) => name !== action.service);
  if (!("service" in action) || !ofKnown.includes(action.action)) return known;
  return [...known, action.service];
}
