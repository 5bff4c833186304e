import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import files from "node:fs/promises";
import http from "node:http";
import { syncBuiltinESMExports } from "node:module";
import { DatabaseSync, StatementSync } from "node:sqlite";
import { controlIn, diedIn, traceIn, type Armed, type Phase } from "./crash-points.ts";

/**
 * Loaded into a worker with `--import crash-preload.ts?folder=DIR`, before the program: names every effect that the worker has outside of its memory,
 * and ends it with SIGKILL at the one that the test has armed. The program itself knows nothing of it.
 */
const folder = new URL(import.meta.url).searchParams.get("folder") ?? "";
const stateDir = process.argv.at(process.argv.indexOf("--state") + 1) ?? "";

let armedId = "";
const seen = new Map<string, number>();
let all = 0;

function armed(): Armed | undefined {
  try {
    const found = JSON.parse(readFileSync(controlIn(folder), "utf8")) as Armed;
    if (found.id !== armedId) {
      armedId = found.id;
      seen.clear();
      all = 0;
    }
    return found;
  } catch {
    return undefined;
  }
}

/** Called before and after each effect, and `sent` once a request to Docker is on its way. */
function reach(effect: string, phase: Phase): void {
  const now = armed();
  if (now === undefined) return;
  const key = `${phase} ${effect}`;
  const times = (seen.get(key) ?? 0) + 1;
  seen.set(key, times);
  all += 1;
  if (phase === "before") appendFileSync(traceIn(folder), `${effect}\n`);
  const { point, count } = now;
  const isPoint = point?.effect === effect && point.phase === phase && point.times === times;
  if (!isPoint && all !== count) return;
  writeFileSync(diedIn(folder), `${key} #${times}`);
  process.kill(process.pid, "SIGKILL");
}

/** Random parts are the same in each run then. */
const plain = (path: string): string =>
  path
    .replace(stateDir, "")
    .replaceAll(/[0-9a-f]{8,}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "…")
    .replaceAll(/\d+/g, "N");

const set = (target: object, name: string, value: unknown): void => {
  Reflect.set(target, name, value);
};

function around<A extends readonly unknown[], R>(
  target: object,
  name: string,
  effectOf: (args: A) => string | undefined,
): void {
  const real = Reflect.get(target, name) as (...args: A) => R;
  set(target, name, function (this: unknown, ...args: A): R {
    const effect = effectOf(args);
    if (effect === undefined) return Reflect.apply(real, this, args);
    reach(effect, "before");
    const result = Reflect.apply(real, this, args);
    if (result instanceof Promise) return result.finally(() => reach(effect, "after")) as R;
    reach(effect, "after");
    return result;
  });
}

// Files: what makes, replaces or removes one.
let isRoutingNew = false;
for (const name of ["rename", "rm", "unlink", "mkdir", "writeFile", "link", "symlink"])
  around(files, name, ([from, to]: readonly unknown[]) => {
    const path = String(name === "rename" ? to : from);
    if (path.endsWith("/dynamic/mypaas.yml")) isRoutingNew = true;
    return path.startsWith(stateDir) ? `file ${name} ${plain(path)}` : undefined;
  });
around(files, "open", ([path, flags = "r"]: readonly unknown[]) =>
  String(path).startsWith(stateDir) && flags !== "r" && typeof flags === "string"
    ? `file open ${plain(String(path))}`
    : undefined,
);

// SQLite: every commit, with the tables that it changes.
let changed: string[] | undefined;
around(DatabaseSync.prototype, "exec", ([sql]: readonly unknown[]) => {
  const words = String(sql);
  if (words.startsWith("BEGIN")) changed = [];
  if (words === "ROLLBACK") changed = undefined;
  if (words !== "COMMIT" || changed === undefined) return undefined;
  const tables = [...new Set(changed)].toSorted().join(" + ");
  changed = undefined;
  return tables === "" ? undefined : `sqlite ${tables}`;
});
for (const name of ["run", "get"] as const) {
  const real = StatementSync.prototype[name] as (...args: readonly unknown[]) => unknown;
  set(StatementSync.prototype, name, function (this: StatementSync, ...args: readonly unknown[]) {
    return writing(this, args, () => Reflect.apply(real, this, args));
  });
}

function writing<R>(statement: StatementSync, args: readonly unknown[], work: () => R): R {
  const effect = changeOf(statement.sourceSQL, args);
  if (effect === undefined) return work();
  if (changed !== undefined) {
    changed.push(effect);
    return work();
  }
  reach(`sqlite ${effect}`, "before");
  const result = work();
  reach(`sqlite ${effect}`, "after");
  return result;
}

function changeOf(sql: string, args: readonly unknown[]): string | undefined {
  const found = /^\s*(?:INSERT (?:OR \w+ )?INTO|UPDATE|DELETE FROM) (\w+)/.exec(sql);
  const table = found?.[1];
  if (table === "steps") return `steps: ${String(args[2])} ${String(args[1])}`;
  if (table !== "job_log") return table;
  const event = args[3];
  const { kind } = (typeof event === "string" ? JSON.parse(event) : {}) as { kind?: string };
  return kind === undefined ? "job_log" : `job_log: ${kind}`;
}

// Docker's API: every call that changes anything. Traefik's: the first question after each change of routing.
const realRequest = http.request;
set(http, "request", (...args: Parameters<typeof http.request>) => {
  const effect = callOf(args);
  if (effect === undefined) return realRequest(...args);
  reach(effect, "before");
  const request = realRequest(...args);
  request.once("finish", () => reach(effect, "sent"));
  for (const answer of ["response", "upgrade"])
    request.prependOnceListener(answer, () => reach(effect, "after"));
  return request;
});

function callOf([first, second]: readonly unknown[]): string | undefined {
  const options = (typeof first === "string" ? second : first) as http.RequestOptions;
  if (typeof options.socketPath === "string") {
    const { method = "GET", path = "" } = options;
    if (method === "GET" || method === "HEAD") return undefined;
    const [where = "", query = ""] = String(path).split("?");
    const name = new URLSearchParams(query).get("name");
    // Without the instance.
    const about = name === null ? "" : ` ${plain(name.replace(/^.*-(?=web)/, ""))}`;
    return `docker ${method} ${plain(where)}${about}`;
  }
  if (!isRoutingNew || typeof first !== "string" || !/^http:\/\/[\d.]+:8080\/api/.test(first))
    return undefined;
  isRoutingNew = false;
  return "traefik confirms";
}

syncBuiltinESMExports();
