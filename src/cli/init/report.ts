import type { Say } from "../../core/wire/events.ts";
import type { Ensured } from "../../adapters/files.ts";
import type { Outcome } from "../../adapters/engines/docker/infra.ts";

/** What a step found and did, in the words of its line. */
export type Done = Ensured | "removed" | "started" | "restarted";

/** Says one line for each step and remembers whether any of them changed something. */
export class Report {
  readonly #say: Say;
  readonly #steps: { readonly step: string; readonly did: Done }[] = [];

  constructor(say: Say) {
    this.#say = say;
  }

  done(step: string, did: Done): Done {
    this.#steps.push({ step, did });
    this.#say({ kind: "step", text: `${step}: ${did}` });
    return did;
  }

  note(text: string): void {
    this.#say({ kind: "note", text });
  }

  get steps(): readonly { readonly step: string; readonly did: Done }[] {
    return this.#steps;
  }

  get hasChanged(): boolean {
    return this.#steps.some(({ did }) => did !== "already there");
  }
}

const outcomes: Readonly<Record<Outcome, Done>> = {
  created: "created",
  started: "started",
  replaced: "changed",
  unchanged: "already there",
};

/** What the engine's adapter did, in the words of a step. */
export const didOf = (outcome: Outcome): Done => outcomes[outcome];
