import { count, object, text } from "./shape.ts";
import { inState, readStored } from "./stored.ts";

/** A number of replicas that a command asked for; it counts as long as the Dockerfile says `written`. */
export interface ScaleOverride {
  readonly written: string;
  readonly replicas: number;
}

export const scaleOverrideShape = object<ScaleOverride, "written" | "replicas">({
  written: text,
  replicas: count,
});

/** Reads the scale that a command has set; throws UserError "damaged-state". */
export const readScaleOverride = (json: string, service: string): ScaleOverride =>
  readStored(json, scaleOverrideShape, inState(`scale of ${service}`));
