import { UserError } from "../../core/errors.ts";
import { keyUsed } from "../../adapters/state/keys.ts";
import { findRequest, insertRequest, type StoredRequest } from "../../adapters/state/requests.ts";
import type { State } from "../../adapters/state/state.ts";

/** Records a request as accepted; throws UserError "replayed" for a request that was accepted before, and then does nothing. */
export function acceptOnce(
  state: State,
  stored: StoredRequest,
  body: Uint8Array | undefined,
): void {
  if (insertRequest(state, stored, body)) {
    keyUsed(state, stored.key, stored.accepted);
    return;
  }
  const job = findRequest(state, stored.id)?.job;
  const what = job === undefined ? "" : `, it is job ${job}`;
  throw new UserError(`request ${stored.id.slice(0, 12)}: already accepted${what}`, {
    code: "replayed",
    hint: "sign a new one: run the same command again",
  });
}
