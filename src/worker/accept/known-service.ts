import { type HintCommand, hint } from "../../core/hints.ts";
import { UserError } from "../../core/errors.ts";
import { knowsService } from "../../adapters/state/services.ts";
import type { State } from "../../adapters/state/state.ts";

/** Throws UserError "no-service" for a service that no push has made; `look` is the command that lists services. */
export function refuseUnknownService(state: State, service: string, look: HintCommand): void {
  if (knowsService(state, service)) return;
  throw new UserError(`service ${service}: not known here`, {
    code: "no-service",
    hint: hint`see what there is: ${look}`,
  });
}
