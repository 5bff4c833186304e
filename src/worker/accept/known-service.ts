import { UserError } from "../../core/errors.ts";
import { knowsService } from "../../adapters/state/services.ts";
import type { State } from "../../adapters/state/state.ts";
import { hint, type HintCommand } from "../../core/hints.ts";

/** Throws UserError "no-service" for one that no push has ever made; `look` is the command that shows which there are. */
export function refuseUnknownService(state: State, service: string, look: HintCommand): void {
  if (knowsService(state, service)) return;
  throw new UserError(`service ${service}: not known here`, {
    code: "no-service",
    hint: hint`see what there is: ${look}`,
  });
}
