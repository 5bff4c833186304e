import type { KeyLine } from "./comment-keys.ts";
import { keys, type Key } from "./keys.ts";
import type { ProblemList } from "./problems.ts";
import type { RouteSpec } from "../release/spec.ts";

/** A value and the place it comes from. */
export interface Found<T> {
  readonly value: T;
  readonly line: number;
  readonly column: number;
}

export interface SpecInput {
  readonly lines: readonly KeyLine[];
  readonly stages: readonly string[];
  readonly problems: ProblemList;
  readonly warnings: ProblemList;
}

export type FoundValues = ReturnType<typeof readValues>;

/** Routes of `domain` and `url` together, each with its place. */
export function routesOf(found: FoundValues): readonly Found<RouteSpec>[] {
  const https = found.https?.value ?? false;
  const domains = found.domains.map((each) => ({ ...each, value: { ...each.value, https } }));
  return [...domains, ...found.urls];
}

/** Reads every key line by its key; bad values, repeated keys and keys that act later are said on the way. */
export function readValues(input: SpecInput) {
  const one = <T>(key: Key<T>) => readAll(key, input)[0];
  const many = <T>(key: Key<T>) => readAll(key, input);
  return {
    servicename: one(keys.servicename),
    domains: many(keys.domain),
    https: one(keys.https),
    urls: many(keys.url),
    stripPrefix: one(keys.stripPrefix),
    port: one(keys.port),
    volumes: many(keys.volume),
    scale: one(keys.scale),
    env: many(keys.env),
    publish: many(keys.publish),
    healthcheck: one(keys.healthcheck),
    startTimeout: one(keys.startTimeout),
    drainTimeout: one(keys.drainTimeout),
    stopTimeout: one(keys.stopTimeout),
    maxcpu: one(keys.maxcpu),
    maxmem: one(keys.maxmem),
    release: one(keys.release),
    target: one(keys.target),
    buildArgs: many(keys.buildArg),
  };
}

// Far above what a service needs; keeps the checks between lines cheap whatever the file holds.
const maxLines = 250;

function readAll<T>(key: Key<T>, { lines, problems, warnings }: SpecInput): readonly Found<T>[] {
  const found: Found<T>[] = [];
  const mine = lines.filter((line) => line.key.name === key.name);
  const [first] = mine;
  for (const [index, { value, line, column }] of mine.entries()) {
    const say = (message: string, hint?: string) =>
      problems.add({ line, column, message: `mypaas.${key.name}: ${message}`, hint });
    if (!key.many && first !== undefined && first.line !== line) {
      say(`already set on line ${first.line}`, "keep one of the two lines");
      continue;
    }
    if (index === maxLines) {
      say(`has more than ${maxLines} lines`);
      break;
    }
    const read = "bad" in value ? value : key.read(value.value);
    if ("bad" in read) {
      const note =
        "value" in value && value.value.includes(" #")
          ? "put the note on a line of its own"
          : undefined;
      say(read.bad, read.hint ?? note);
    } else {
      found.push({ value: read.value, line, column });
      if (key.later !== undefined && read.value !== false)
        warnings.add({ line, column, message: `mypaas.${key.name}: ${key.later}` });
    }
  }
  return found;
}
