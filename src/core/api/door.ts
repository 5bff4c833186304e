import type { Action, ActionOf } from "../actions/actions.ts";
import type { PsSnapshot } from "../actions/watch.ts";
import type { LoggedEvent } from "../wire/events.ts";

/** What the API asks of the worker; each call carries the token, which is verified anew. Throws UserError for a token that is none, or may not do it. */
export interface ApiDoor {
  /** Performs what is answered at once, and begins jobs. */
  readonly perform: (token: string, asked: AskedAction) => Promise<Performed>;
  readonly snapshot: (token: string, asked: ActionOf<"ps">) => Promise<PsSnapshot>;
  /** Text of whole lines. */
  readonly logs: (
    token: string,
    asked: ActionOf<"logs">,
    signal: AbortSignal,
  ) => Promise<AsyncIterable<string>>;
  /** Events of a job from an offset on, to its end. */
  readonly events: (
    token: string,
    asked: ActionOf<"job.log">,
    from: number,
    signal: AbortSignal,
  ) => Promise<AsyncIterable<LoggedEvent>>;
}

export interface AskedAction {
  readonly action: Action;
  /** A word of the client, with which the same request may be sent again and does nothing a second time. */
  readonly repeatKey?: string | undefined;
}

/** What became of an action: a job, or a result. */
export interface Performed {
  readonly job?: number;
  /** True when an earlier request began the job. */
  readonly attached?: boolean;
  readonly result?: unknown;
}
