import type { NamesOf } from "../actions/actions.ts";
import type { Hint } from "../hints.ts";
import { wireBase } from "../wire/protocol.ts";

/** Where the REST API begins on the server's own name, after `init --api`. */
export const apiBase = "/api/v1";

export type Method = "GET" | "POST" | "PUT" | "DELETE";

/** How a text of the address becomes the field of an action. */
export type QueryKind = "text" | "number" | "flag" | "list";

/** One address of the API: what is asked there, and how it is answered. */
export interface Endpoint {
  readonly method: Method;
  /** Below `apiBase`; a part in braces is a parameter. */
  readonly path: `/${string}`;
  /** One sentence. */
  readonly about: string;
  readonly does: Does;
  /** Query parameters; each is the field of its name, but `confirm`. */
  readonly query?: Readonly<Record<string, QueryKind>>;
  /** The fields of the action that the body holds, as JSON. */
  readonly body?: readonly string[];
  /** Values of fields that are not asked for. */
  readonly fixed?: Readonly<Record<string, unknown>>;
}

/**
 * - `answer`: 200 with the result of the action.
 * - `job`: 202 with the number of the job, or 200 with the result where nothing has to run.
 * - `services`, `service`, `containers`, `container`: parts of what `ps` says.
 * - `one-job`: one of what `job.list` says.
 * - `prometheus`: what `metrics` says, in the text format of Prometheus.
 * - `logs`: lines, until the reader leaves or all is said.
 * - `events`: the log of a job, to its end.
 * - `refused`: what cannot be done this way, and the way in which it can.
 */
export type Does =
  | { readonly kind: "answer"; readonly action: NamesOf<"answer"> }
  | { readonly kind: "job"; readonly action: NamesOf<"job"> | "cancel" }
  | { readonly kind: "services" | "service" | "containers" | "container"; readonly action: "ps" }
  | { readonly kind: "one-job"; readonly action: "job.list" }
  | { readonly kind: "prometheus"; readonly action: "metrics" }
  | { readonly kind: "logs"; readonly action: "logs" }
  | { readonly kind: "events"; readonly action: "job.log" }
  | Refused;

export interface Refused {
  readonly kind: "refused";
  readonly status: 405 | 409 | 501;
  readonly code: string;
  readonly message: string;
  readonly hint: Hint;
}

/** The same on every host and without `init --api`: a path that no service can have. */
export const longApiBase = `${wireBase}/api`;

/** The base of an address of the API, and what stands behind it; undefined for all other addresses. */
export function readApiPath(
  pathname: string,
): { readonly base: string; readonly path: string } | undefined {
  const base = [apiBase, longApiBase].find((one) => pathname.startsWith(`${one}/`));
  return base === undefined ? undefined : { base, path: pathname.slice(base.length) };
}
