import { UserError } from "../errors.ts";
import type { Event } from "../wire/events.ts";
import type { MadeDockerfile, Outcome } from "./generate.ts";

/** Where files were found that have no Dockerfile. */
export interface MadeFor {
  /** An archive or a commit; a folder needs no name. */
  readonly place?: string;
  /** What to do instead of a command that pushes another folder, for those who cannot. */
  readonly hint?: string;
}

/** The Dockerfile; throws UserError with the question. */
export function madeOr(outcome: Outcome, { place, hint }: MadeFor = {}): MadeDockerfile {
  if (outcome.kind === "made") return outcome;
  const { question } = outcome;
  const message = place === undefined ? question : `${place}: ${question}`;
  const isCommand = typeof outcome.hint !== "string";
  throw new UserError(message, {
    code: "no-dockerfile",
    hint: isCommand && hint !== undefined ? hint : outcome.hint,
  });
}

/** Says that one was made; `ways` are words about what to do with it. */
export const madeEvents = ({ what, notes }: MadeDockerfile, ways = ""): readonly Event[] => [
  { kind: "note", text: `no Dockerfile: made one for ${what}${ways}` },
  ...notes.map((text) => ({ kind: "warning", text }) as const),
];
