import { maySee, type Caller } from "../../core/wire/permissions.ts";
import type { ReleaseInfo } from "../../core/actions/lifecycle.ts";
import { allReleases, listReleases } from "../../adapters/state/releases.ts";
import type { State } from "../../adapters/state/state.ts";
import { canRollBack } from "../deploy/rollback.ts";
import { keyNames } from "../access/enrolled-keys.ts";

interface ListParts {
  readonly state: State;
  readonly imagesThere: (references: readonly string[]) => Promise<ReadonlySet<string> | undefined>;
}

/** The releases of one service, or of all that the caller may see; by service, newest first. */
export async function listedReleases(
  { state, imagesThere }: ListParts,
  service: string | undefined,
  caller: Caller,
): Promise<readonly ReleaseInfo[]> {
  const stored = (service === undefined ? allReleases(state) : listReleases(state, service)).filter(
    ({ release }) => maySee(caller, release.spec.service),
  );
  const kept = stored.filter(canRollBack);
  const there = await imagesThere([...new Set(kept.map(({ release }) => release.image))]);
  const byName = keyNames(state);
  return stored.map((one): ReleaseInfo => {
    const { release, created, imageId, repeats, from, receipt } = one;
    const { processes } = release.spec;
    return {
      service: release.spec.service,
      release: release.number,
      state: one.state,
      created,
      image: imageId,
      ...(repeats !== undefined && { repeats }),
      ...(processes.length > 0 && { processes: processes.map(({ name }) => name) }),
      ...(from !== undefined && { from }),
      ...(receipt !== undefined && { receipt }),
      by: byName(one.key),
      // An image may have been removed with Docker's own commands.
      canRollBack: canRollBack(one) && (there?.has(imageId) ?? true),
    };
  });
}
