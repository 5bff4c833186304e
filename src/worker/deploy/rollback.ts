import { UserError } from "../../core/errors.ts";
import type { StoredRelease } from "../../adapters/state/releases.ts";
import { type Hint, command, hint } from "../../core/hints.ts";

/** The release that a rollback goes back to: the one named, else the newest one that served before the live release was made; `releases` are all of the service, newest first. Throws UserError "no-rollback" with the numbers that would do. */
export function rollbackTarget(
  service: string,
  releases: readonly StoredRelease[],
  wanted: number | undefined,
): StoredRelease {
  const possible = releases.filter(canRollBack);
  const refuse = (what: string): UserError =>
    new UserError(`rollback ${service}: ${what}`, {
      code: "no-rollback",
      hint: wayOut(service, possible),
    });
  if (releases.length === 0) throw refuse("no such service here");
  if (wanted === undefined) {
    const now = releases.find(({ state }) => state === "live");
    // A second rollback goes further back, not forth again.
    const before = now?.repeats ?? now?.release.number ?? Infinity;
    const found = possible.find(({ release }) => release.number < before);
    if (found === undefined) throw refuse("no earlier release can be gone back to");
    return found;
  }
  const found = releases.find(({ release }) => release.number === wanted);
  if (found === undefined) throw refuse(`release ${wanted} is not known`);
  if (found.state === "live") throw refuse(`release ${wanted} is live`);
  if (found.state !== "retired") throw refuse(`release ${wanted} was never live`);
  if (found.imageId === "") throw refuse(`the image of release ${wanted} was removed`);
  return found;
}

/** True for a release that served and whose image was kept. */
export const canRollBack = ({ state, imageId }: StoredRelease): boolean =>
  state === "retired" && imageId !== "";

function wayOut(service: string, possible: readonly StoredRelease[]): Hint {
  const [first] = possible;
  return first === undefined
    ? hint`push its files again: ${command("push")}`
    : hint`choose one of ${possible.map(({ release }) => release.number).join(", ")}: ${command(`rollback ${service} ${first.release.number}`)}`;
}
