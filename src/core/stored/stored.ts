import { type Hint } from "../hints.ts";
import { UserError } from "../errors.ts";
import { seeInstall } from "../install.ts";
import { WrongShape, type Reader } from "./shape.ts";

/** Names a stored thing in messages, such as `state: release 3 of web`, and says how to get a good one. */
export interface StoredThing {
  readonly name: string;
  readonly hint: Hint;
}

/** Reads JSON text that an earlier run of mypaas wrote; throws UserError "damaged-state" that names the thing, which is left as it is. */
export function readStored<T>(json: string, read: Reader<T>, thing: StoredThing): T {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    throw damaged(thing, json.trim() === "" ? "it is empty" : "it is no JSON or cut off", error);
  }
  try {
    return read(value, "");
  } catch (error) {
    if (error instanceof WrongShape) throw damaged(thing, error.message, error);
    throw error;
  }
}

/** What a person reads of a stored thing that is not as mypaas writes it. */
export const damaged = ({ name, hint }: StoredThing, what: string, cause?: unknown): UserError =>
  new UserError(`${name}: damaged: ${what}`, { code: "damaged-state", hint, cause });

/** Something in the server's database. */
export const inState = (name: string): StoredThing => ({
  name: `state: ${name}`,
  hint: "restore the state from a backup; what runs goes on as it is",
});

/** Throws UserError "newer-state" for what a later program wrote; `known` is the highest version that this one reads. */
export function refuseNewer(name: string, version: unknown, known: number): void {
  if (typeof version !== "number" || version <= known) return;
  throw new UserError(
    `${name}: written by a newer mypaas than this one (version ${version}, this one reads up to ${known})`,
    { code: "newer-state", hint: `update mypaas here, ${seeInstall}` },
  );
}
