import { count, object, text } from "./shape.ts";
import { inState, readStored } from "./stored.ts";

/** A number of replicas that a command asked for; it counts as long as the Dockerfile says `written`. */
export interface OwnScale {
  readonly written: string;
  readonly replicas: number;
}

export const ownScaleShape = object<OwnScale, "written" | "replicas">({
  written: text,
  replicas: count,
});

/** Reads the scale that a command has set; throws UserError "damaged-state". */
export const readOwnScale = (json: string, service: string): OwnScale =>
  readStored(json, ownScaleShape, inState(`scale of ${service}`));
