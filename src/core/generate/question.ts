import type { Hint } from "../hints.ts";

/** What nobody but the person can know: one sentence with its place, and what to do. */
export class Question extends Error {
  readonly hint: Hint;

  constructor(sentence: string, hint: Hint) {
    super(sentence);
    this.hint = hint;
  }
}
