import { UserError } from "../../core/errors.ts";
import { authoriseTouch, refuseExpired, type Caller } from "../../core/wire/permissions.ts";

/** True for a key that may push some service now; which one is checked when git has said it. */
export function mayPush(caller: Caller, now: number): boolean {
  if (caller === "root") return true;
  try {
    const { services: _, ...options } = caller.options;
    const anywhere = { ...caller, options: { ...options, services: undefined } };
    refuseExpired(caller, now);
    authoriseTouch(anywhere, "push", [], now);
    return true;
  } catch (error) {
    if (error instanceof UserError) return false;
    throw error;
  }
}
