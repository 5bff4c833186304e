import { count, flag, maybe, object, orNull, text } from "./shape.ts";
import { inState, readStored } from "./stored.ts";

/** What the journal keeps of a step beside its name. */
export interface StepData {
  readonly service: string | undefined;
  readonly release: number | undefined;
  /** The release that ran before; undefined where there was none. */
  readonly from: number | undefined;
  /** Of an outcome: true when the step was done. */
  readonly ok: boolean | undefined;
}

export const stepDataShape = object<StepData>({
  service: maybe(text),
  release: maybe(count),
  from: orNull(count),
  ok: maybe(flag),
});

/** Reads the data of a step; throws UserError "damaged-state". */
export const readStepData = (json: string, job: number): StepData =>
  readStored(json === "null" ? "{}" : json, stepDataShape, inState(`journal of job ${job}`));
