import type { HookHeaders } from "../links/webhook.ts";
import type { LoggedEvent } from "./events.ts";
import { maxBatchBytes, maxRequestBytes, wireBase, type Accepted } from "./protocol.ts";

/** One HTTP route of the protocol. */
export interface Route {
  readonly method: "GET" | "POST" | "PUT";
  /** Below `wireBase`; a part after a colon is a parameter. */
  readonly path: `/${string}`;
  readonly kind: RouteKind;
  /** Limit of the body, where the route reads one. */
  readonly maxBytes?: number;
  /** The answer of a `signed` or `json` route, for the compiler only. */
  readonly result?: ResultType<unknown>;
}

type ResultType<T> = { readonly type?: T };

/**
 * How a route is served. The receiver passes on to the worker all of them but `upload`.
 * - `signed`: takes signed bytes, answers with JSON; the receiver checks the signature first.
 * - `json`, `events`, `lines`: answer the bearer of a request's token with JSON, events of a job or lines of a stream.
 * - `hook`: takes what a forge sends, whose proof only the worker can check.
 * - `upload`: served by the process that keeps the uploads, which is the receiver or the worker's local socket.
 * - `terminal`: becomes a connection for input and output (./frames.ts).
 */
export type RouteKind = keyof Calls<unknown> | "upload" | "terminal";

/** What the worker does for a route of each kind; a refusal is a UserError. */
export interface Calls<Result> {
  /** `signature` is the SSHSIG blob; undefined only over local.sock. */
  readonly signed: (body: Uint8Array, signature: Uint8Array | undefined) => Promise<Result>;
  readonly json: (request: string, token: string) => Promise<Result>;
  /** Follows the log from an offset on and ends with the job. */
  readonly events: (
    request: string,
    token: string,
    from: number,
    signal: AbortSignal,
  ) => Promise<AsyncIterable<LoggedEvent>>;
  readonly hook: (id: string, headers: HookHeaders, body: Uint8Array) => Promise<HookAnswer>;
  /** Text of whole lines, from the cursor of an earlier line on; empty: from the start. */
  readonly lines: (
    request: string,
    token: string,
    from: string,
    signal: AbortSignal,
  ) => Promise<AsyncIterable<string>>;
}

/** What a webhook became: a job (status 202), or nothing and why (200). */
export type HookAnswer = { readonly job: number } | { readonly ignored: string };

const result = <T>(): ResultType<T> => ({});

/** Every route of the protocol. Routes with an id need `Authorization: Bearer <token>`, whose sha256 is in the signed request. */
export const routes = {
  /** The body is the exact bytes that were signed; the header `mypaas-signature` is the SSHSIG blob in base64, left out on local.sock. */
  accept: {
    method: "POST",
    path: "/requests",
    kind: "signed",
    maxBytes: maxRequestBytes,
    result: result<Accepted>(),
  },
  /** Answers as `accept` did, with the blobs that are missing now. */
  status: { method: "GET", path: "/requests/:id", kind: "json", result: result<Accepted>() },
  /** All blobs are uploaded: the answer has the job. */
  start: { method: "POST", path: "/requests/:id/start", kind: "json", result: result<Accepted>() },
  /** NDJSON of LoggedEvent from offset `?from=N`, with an empty line every 10 s. */
  events: { method: "GET", path: "/requests/:id/events", kind: "events" },
  /** NDJSON of what the action streams, from cursor `?from=C`, with an empty line every 10 s. */
  stream: { method: "GET", path: "/requests/:id/stream", kind: "lines" },
  /** Once, within a minute: `Connection: Upgrade`, `Upgrade: mypaas-stream` → 101, then frames. */
  terminal: { method: "GET", path: "/requests/:id/attach", kind: "terminal" },
  /** A webhook of a forge, for the link with this id. */
  hook: { method: "POST", path: "/hooks/:id", kind: "hook", maxBytes: 2 * 1024 * 1024 },
  /** A tar of whole blobs, each entry named by its sha256 → `{ received: [sha256…] }`. A tar of tiny files is mostly headers. */
  putBatch: {
    method: "PUT",
    path: "/requests/:id/blobs",
    kind: "upload",
    maxBytes: 4 * maxBatchBytes,
  },
  /** → `{ have: bytes that arrived }` */
  have: { method: "GET", path: "/requests/:id/blobs/:sha256", kind: "upload" },
  /** With `content-range: bytes A-B/SIZE`, where A is what `have` says → `{ have }`. */
  putRange: { method: "PUT", path: "/requests/:id/blobs/:sha256", kind: "upload" },
} as const satisfies Readonly<Record<string, Route>>;

type Routes = typeof routes;
export type RouteName = keyof Routes;

/** The names of the routes that are served in one way. */
export type RoutesOf<K extends RouteKind> = {
  [N in RouteName]: Routes[N]["kind"] extends K ? N : never;
}[RouteName];

/** The routes that the worker answers. */
export type WorkerRoute = RoutesOf<keyof Calls<unknown>>;

export const isWorkerRoute = (name: RouteName): name is WorkerRoute =>
  !["upload", "terminal"].includes(routes[name].kind);

export const routeNames = Object.keys(routes) as readonly RouteName[];

type ResultOf<R> = R extends { readonly result: ResultType<infer T> } ? T : never;

/** The worker's routes as functions: of the worker itself, or of the receiver that passes them on. */
export type Backend = {
  readonly [N in WorkerRoute]: Calls<ResultOf<Routes[N]>>[Routes[N]["kind"]];
};

/** The parameters in a path. */
type ParametersOf<P extends string> = P extends `${string}:${infer Name}/${infer Rest}`
  ? Name | ParametersOf<Rest>
  : P extends `${string}:${infer Name}`
    ? Name
    : never;

/** The path of a route with its parameters filled in, below `wireBase`. */
export const pathOf = <N extends RouteName>(
  name: N,
  parameters: Readonly<Record<ParametersOf<Routes[N]["path"]>, string>>,
): string =>
  Object.entries<string>(parameters).reduce<string>(
    (path, [parameter, value]) => path.replace(`:${parameter}`, encodeURIComponent(value)),
    routes[name].path,
  );

/** The same from the root of the server. */
export const fullPathOf: typeof pathOf = (name, parameters) => wireBase + pathOf(name, parameters);
