import { command, hint, type Hint } from "../../../core/hints.ts";
import { stripControls } from "../../../core/terminal-text.ts";
import { UserError } from "../../../core/errors.ts";
import { dockerHub, isRegistryHost } from "../../../core/server/registry.ts";
import type { UserErrorMore } from "../../../core/errors.ts";

/** What is known about a build when it ends badly. */
export interface BuildFailure {
  readonly service: string;
  readonly dockerfile: string;
  /** The engine's own sentence. */
  readonly message: string;
  readonly step: string | undefined;
  readonly tail: readonly string[];
}

/** Says in one sentence why a build failed, for the messages of both builders from Engine 20.10 on. */
export function buildError(failure: BuildFailure): UserError {
  const message = innermost(stripControls(failure.message).replace(/\s+/g, " ").trim());
  for (const explain of explanations) {
    const found = explain(message, failure);
    if (found !== undefined) return toError(failure, found);
  }
  return toError(failure, { text: message, details: failure.tail });
}

interface Explanation {
  readonly text: string;
  readonly hint?: Hint;
  readonly details?: readonly string[];
  /** Replaces `build <service>` where the place is known better. */
  readonly where?: string;
}

function toError(failure: BuildFailure, found: Explanation): UserError {
  const more: UserErrorMore = {
    code: "build-failed",
    hint: found.hint,
    details: found.details ?? [],
  };
  return new UserError(`${found.where ?? `build ${failure.service}`}: ${found.text}`, more);
}

type Explain = (message: string, failure: BuildFailure) => Explanation | undefined;

const explanations: readonly Explain[] = [
  diskFull,
  cannotRun,
  exitCode,
  syntax,
  dockerfileItself,
  target,
  missingSource,
  baseImage,
];

function diskFull(message: string): Explanation | undefined {
  if (!/no space left on device/.test(message)) return undefined;
  return {
    text: "no space left on the server's disk",
    hint: "see what Docker uses on the server: docker system df",
  };
}

function exitCode(message: string, { step, tail }: BuildFailure): Explanation | undefined {
  const code = /(?:exit code: |returned a non-zero code: )(\d+)$/.exec(message)?.[1];
  if (code === undefined) return undefined;
  const text = `step ${quoted(step ?? message)} stopped with exit code ${code}`;
  if (code !== "137") return { text, details: tail };
  const hint = "give the server more memory: it killed the step, which usually means out of memory";
  return { text, details: tail, hint };
}

function syntax(message: string, { dockerfile }: BuildFailure): Explanation | undefined {
  const found = /dockerfile parse error (?:on )?line (\d+): (.*)$/i.exec(message);
  if (found === null) return undefined;
  return { where: `${dockerfile}:${found[1]}`, text: lowerFirst(found[2] ?? "") };
}

function dockerfileItself(message: string, { dockerfile }: BuildFailure): Explanation | undefined {
  const where = dockerfile;
  if (/no build stage in current context/.test(message)) {
    return { where, text: "an instruction stands before the first FROM" };
  }
  if (/file with no instructions|cannot be empty/.test(message)) {
    return {
      where,
      text: "has no instructions",
      hint: "begin with a line such as: FROM debian:12",
    };
  }
  if (/failed to read dockerfile|Cannot locate specified Dockerfile/.test(message)) {
    return {
      where,
      text: "not found in the build context",
      hint: "see that .dockerignore does not exclude it",
    };
  }
  const blank = /base name \((.*)\) should not be blank/.exec(message)?.[1];
  if (blank === undefined) return undefined;
  return {
    where,
    text: `FROM ${blank} is empty`,
    hint: "add a default above FROM, or a comment: # mypaas.build-arg = NAME=value",
  };
}

function target(message: string, { dockerfile }: BuildFailure): Explanation | undefined {
  const name =
    /target stage "?([^" ]+)"? could not be found/.exec(message)?.[1] ??
    /failed to reach build target (\S+) in Dockerfile/.exec(message)?.[1];
  if (name === undefined) return undefined;
  return {
    where: dockerfile,
    text: `no build stage "${name}"`,
    hint: `name a stage: FROM … AS ${name}, or change mypaas.target`,
  };
}

function missingSource(message: string, { step }: BuildFailure): Explanation | undefined {
  const name =
    /"([^"]+)"(?: not found)?: not found$/.exec(message)?.[1] ??
    /excluded by \.dockerignore: stat (.+): file does not exist/.exec(message)?.[1] ??
    /COPY failed: stat (.+): (?:file does not exist|no such file)/.exec(message)?.[1];
  if (name === undefined && !/no source files were specified/.test(message)) return undefined;
  const what = name === undefined ? "no file of that name" : `"${name.replace(/^\//, "")}"`;
  const place = step === undefined ? "" : `step ${quoted(step)}: `;
  return {
    text:
      name === undefined
        ? `${place}${what} in the build context`
        : `${place}${what} is not in the build context`,
    hint: "check the path, which counts from the context's folder, and .dockerignore",
  };
}

function baseImage(message: string, { step }: BuildFailure): Explanation | undefined {
  const image = imageOf(message, step);
  const registry = /https?:\/\/([^/"\s]+)/.exec(message)?.[1];
  const name = `base image ${image}`;
  if (
    /failed to do request|^Get "https?:|dial tcp|no such host|i\/o timeout|TLS handshake|x509:|connection refused/.test(
      message,
    )
  ) {
    return {
      text: `${name}: registry ${registry ?? "of the image"} cannot be reached`,
      hint: "check the server's network and DNS, then push again",
      details: [message],
    };
  }
  if (
    /access denied|authorization failed|unauthorized|authentication required|failed to authorize|failed to fetch (anonymous|oauth) token|no basic auth|\b40[13]\b|denied:/i.test(
      message,
    )
  ) {
    return {
      text: `${name}: the registry wants a login, or has no such image`,
      hint: hint`check the name in FROM, or log in: ${command(`registry login ${hostOf(image)}`)}`,
      details: [message],
    };
  }
  if (/toomanyrequests|429 Too Many/i.test(message)) {
    return {
      text: `${name}: the registry limits how often this server may ask`,
      hint: "wait an hour and push again",
      details: [message],
    };
  }
  if (
    /manifest unknown|manifest for .* not found|: not found$|repository name not known|no match for platform|no matching manifest/.test(
      message,
    )
  ) {
    return {
      text: /platform|no matching manifest/.test(message)
        ? `${name}: not made for this server's processor`
        : `${name}: not found`,
      hint: "check the name and the tag in FROM",
      details: [message],
    };
  }
  return undefined;
}

/** BuildKit leaves the reason in the step's output and calls it exit code 1. */
function cannotRun(message: string, { step, tail }: BuildFailure): Explanation | undefined {
  const found = [message, tail.at(-1) ?? ""]
    .map((text) => cannotStart.exec(text))
    .find((match) => match !== null);
  if (found === undefined || step === undefined) return undefined;
  const text = `step ${quoted(step)}: cannot run ${found[1]}: ${found[2]}`;
  if (found[1] !== "/bin/sh") return { text };
  const hint = 'use a base image with a shell, or write the step as RUN ["program", "argument"]';
  return { text, hint };
}

const cannotStart =
  /unable to start container process: exec: "([^"]+)":.*?(no such file or directory|not found|permission denied|exec format error)/;

/** The reference that the registry was asked for: named by the message, by its URL, or by FROM. */
function imageOf(message: string, step: string | undefined): string {
  const url = /https?:\/\/([^/"\s]+)\/v2\/(.+?)\/manifests\/([^"\s:]+(?::[0-9a-f]{64})?)/.exec(
    message,
  );
  if (url !== null) {
    const host = url[1] === "registry-1.docker.io" ? "" : `${url[1]}/`;
    const path = host === "" ? (url[2] ?? "").replace(/^library\//, "") : url[2];
    return quoted(`${host}${path}${(url[3] ?? "").startsWith("sha256:") ? "@" : ":"}${url[3]}`);
  }
  const named =
    /^(\S+?): (?:not found|pull access denied|failed to)/.exec(message)?.[1] ??
    /manifest for (\S+) not found/.exec(message)?.[1] ??
    /pull access denied for ([^\s,]+)/.exec(message)?.[1] ??
    (step === undefined
      ? undefined
      : /^FROM (?:--\S+ )*(\S+)|--from=(\S+)/i.exec(step)?.slice(1).find(Boolean));
  return quoted((named ?? "of FROM").replace(/^docker\.io\/(library\/)?/, ""));
}

/** The registry of a quoted reference. */
function hostOf(image: string): string {
  const [first = "", ...rest] = image.replaceAll('"', "").split("/");
  return rest.length > 0 && isRegistryHost(first) ? first : dockerHub;
}

/** Both builders wrap a reason in the names of their own layers. */
function innermost(message: string): string {
  return message.replace(
    /^(?:(?:failed to solve(?: with frontend \S+)?|failed to create LLB definition|failed to parse Dockerfile|failed to load cache key|failed to compute cache key|rpc error: code = \w+ desc = .*?|invalid from flag value \S+|failed to calculate checksum of ref \S+): ?)+/,
    "",
  );
}

function quoted(text: string): string {
  return `"${text.length > 200 ? `${text.slice(0, 200)}…` : text}"`;
}

function lowerFirst(text: string): string {
  return /^[A-Z][a-z]/.test(text) ? text.charAt(0).toLowerCase() + text.slice(1) : text;
}
