import { hintOf } from "../../core/hints.ts";
import { Agent, request, type IncomingMessage } from "node:http";
import { UserError } from "../../core/errors.ts";
import { readAtMost } from "../files.ts";
import { relayedEvent } from "../../core/wire/event-reader.ts";
import type { LoggedEvent } from "../../core/wire/events.ts";
import { signatureHeader, wireBase, type ErrorAnswer } from "../../core/wire/protocol.ts";
import {
  isWorkerRoute,
  pathOf,
  routeNames,
  routes,
  type Backend,
  type Calls,
  type RoutesOf,
} from "../../core/wire/routes.ts";

const maxAnswerBytes = 32 * 1024 * 1024;
const maxLineBytes = 1024 * 1024;
/** The worker sends a heartbeat every 10 s. */
const silenceMs = 60_000;
/** The worker copies gigabytes of blobs before it answers `start`. */
const answerMs = 10 * 60_000;

/** The worker's backend over its socket. A refusal arrives as the UserError that it was there, an absent worker as UserError "worker-away". */
export function upstreamBackend(socketPath: string): Backend {
  const agent = new Agent({ keepAlive: true, maxSockets: 128, maxFreeSockets: 4 });
  const ask = (path: string, more: Asking) =>
    askWorker({ ...more, socketPath, agent, path: wireBase + path });
  const passOn: { readonly [K in keyof Calls<unknown>]: (name: RoutesOf<K>) => Calls<unknown>[K] } =
    {
      signed: (name) => async (body, signature) => {
        const headers: Record<string, string> = signature
          ? { [signatureHeader]: Buffer.from(signature).toString("base64") }
          : {};
        const { method } = routes[name];
        return readJson(await ask(pathOf(name, {}), { method, body, headers }));
      },
      json: (name) => async (id, token) =>
        readJson(await ask(pathOf(name, { id }), bearer(routes[name].method, token))),
      hook: (name) => async (id, headers, body) => {
        const { method } = routes[name];
        return readJson(await ask(pathOf(name, { id }), { method, body, headers })) as never;
      },
      events: (name) => async (id, token, from, signal) => {
        const asking = { ...bearer(routes[name].method, token), signal };
        return readEvents(await ask(`${pathOf(name, { id })}?from=${from}`, asking));
      },
      lines: (name) => async (id, token, from, signal) => {
        const asking = { ...bearer(routes[name].method, token), signal };
        const path = `${pathOf(name, { id })}?from=${encodeURIComponent(from)}`;
        return readLines(await ask(path, asking));
      },
    };
  const calls = routeNames.filter(isWorkerRoute).map((name) => {
    const callOf: (route: never) => unknown = passOn[routes[name].kind];
    return [name, callOf(name as never)];
  });
  return Object.fromEntries(calls) as Backend;
}

/** One request to the worker. */
export interface Asking {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  readonly signal?: AbortSignal;
  /** Limit of silence before the answer. */
  readonly answerMs?: number;
  /** True for a status that is an answer; 200 and 202 where it is left out. */
  readonly isAnswer?: (status: number) => boolean;
}

const bearer = (method: string, token: string): Asking => ({
  method,
  headers: { authorization: `Bearer ${token}` },
});

const isDone = (status: number): boolean => status === 200 || status === 202;

/** Asks the worker over its socket; returns an answer, its body unread, and throws a refusal as the UserError that it was there. */
export async function askWorker(
  asking: Asking & { readonly socketPath: string; readonly agent: Agent; readonly path: string },
): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const { method, socketPath, agent, body, signal, isAnswer = isDone } = asking;
  const outgoing = request({
    method,
    socketPath,
    agent,
    path: asking.path,
    headers: { host: "worker", ...asking.headers, "content-length": body?.length ?? 0 },
    ...(signal ? { signal } : {}),
  });
  outgoing.setTimeout(asking.answerMs ?? answerMs, () => outgoing.destroy(new Error("no answer")));
  outgoing.on("response", resolve);
  outgoing.on("error", (cause) => reject(workerAway(cause)));
  outgoing.end(body);
  const answer = await promise;
  if (isAnswer(answer.statusCode ?? 0)) return answer;
  throw await refusalOf(answer);
}

/** The error in an answer other than 200. */
export const refusalOf = async (answer: IncomingMessage): Promise<unknown> =>
  refusal(await readJson(answer));

/** The error of a worker that could not be reached, or broke off. */
export const workerAway = (cause: unknown): UserError =>
  new UserError("server: the worker does not answer", {
    code: "worker-away",
    hint: "look on the server: systemctl status mypaas-worker",
    cause,
  });

/** The answer as JSON. */
export async function readJson(answer: IncomingMessage): Promise<unknown> {
  try {
    return JSON.parse((await readAtMost(answer, maxAnswerBytes)).toString());
  } catch (error) {
    answer.destroy();
    throw workerAway(error);
  }
}

function refusal(answer: unknown): unknown {
  const error = (answer as Partial<ErrorAnswer> | null)?.error;
  if (typeof error?.message !== "string") return workerAway(new Error("not an answer of ours"));
  // The worker's log has the details; for the client it is a bug like any other.
  if (error.code === "bug") return new Error(`worker: ${error.message}`);
  const { code, details } = error;
  return new UserError(error.message, {
    code,
    hint: hintOf(error),
    ...(details ? { details } : {}),
  });
}

async function* readEvents(answer: IncomingMessage): AsyncGenerator<LoggedEvent> {
  for await (const text of readLines(answer))
    for (const line of text.split("\n")) if (line !== "") yield relayedEvent(line);
}

/** Text of whole lines, as soon as they arrive. */
async function* readLines(answer: IncomingMessage): AsyncGenerator<string> {
  answer.setTimeout(silenceMs, () => answer.destroy(new Error("silent")));
  let rest = "";
  try {
    answer.setEncoding("utf8");
    for await (const chunk of answer) {
      const text = rest + String(chunk);
      const end = text.lastIndexOf("\n") + 1;
      rest = text.slice(end);
      if (rest.length > maxLineBytes) throw new Error("an endless line");
      if (end > 0) yield text.slice(0, end);
    }
  } catch (error) {
    throw workerAway(error);
  } finally {
    answer.destroy();
  }
}
