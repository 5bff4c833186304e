import { hint, command } from "../../../core/hints.ts";
import { listReleases } from "../../../adapters/state/releases.ts";
import { repeatOf } from "../../deploy/desired-release.ts";
import { rollbackTarget } from "../../deploy/rollback.ts";
import type { ActionOf } from "../../../core/actions/actions.ts";
import { releaseKind } from "./release-kind.ts";

/** A release like an earlier one. */
export const rollback = releaseKind<ActionOf<"rollback">>({
  again: ({ service, release }) =>
    hint`roll back again: ${command(["rollback", service, release].filter(Boolean).join(" "))}`,
  desired: ({ state, say }, { service, release }) => {
    const target = rollbackTarget(service, listReleases(state, service), release);
    const text = `going back to release ${target.release.number} with the values it had`;
    say({ kind: "step", text });
    return repeatOf(target);
  },
});
