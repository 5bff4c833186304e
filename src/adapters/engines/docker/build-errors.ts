import { posix } from "node:path";
import { command, hint, type Hint } from "../../../core/hints.ts";
import { stripControls } from "../../../core/terminal-text.ts";
import { UserError } from "../../../core/errors.ts";
import { scanDockerfile } from "../../../core/dockerfile/comments.ts";
import {
  isInHeredoc,
  isNewFlag,
  newerReader,
  turnOnBuildkit,
} from "../../../core/dockerfile/syntax.ts";
import { isGit } from "../../../core/push/dockerignore.ts";
import { dockerHub, isRegistryHost } from "../../../core/server/registry.ts";
import { mountErrors } from "./mount-errors.ts";

/** What is known about a build when it ends badly. */
export interface BuildFailure {
  readonly service: string;
  readonly dockerfile: string;
  /** The engine's own sentence. */
  readonly message: string;
  readonly step: string | undefined;
  readonly tail: readonly string[];
  /** False for the classic builder, which passes over a syntax directive. */
  readonly buildkit?: boolean;
  /** The Dockerfile, where it could be read. */
  readonly text?: string | undefined;
}

/** Says in one sentence why a build failed, for the messages of both builders from Engine 20.10 on. */
export function buildError(failure: BuildFailure): UserError {
  const message = innermost(stripControls(failure.message).replace(/\s+/g, " ").trim());
  for (const [pattern, explain] of explanations) {
    const match = pattern.exec(message);
    const found = match && explain(match, failure);
    if (found) return toError(failure, found);
  }
  return toError(failure, passedOn(message, failure));
}

/** An error that nothing here knows, with paths as the build sees them instead of the daemon's. */
function passedOn(message: string, { step, tail }: BuildFailure): Explanation {
  const own = message.replaceAll(daemonPath, "/");
  const place = own === message || step === undefined ? "" : `step ${quoted(step)}: `;
  return { text: place + own, details: tail };
}

/** Where the engine mounts a context or a layer while it builds. */
const daemonPath =
  /\/[^\s"':]*?\/(?:tmp\/buildkit-mount\d+|tmp\/docker-builder\d+|(?:overlay2|btrfs\/subvolumes|vfs\/dir)\/\w+(?:\/merged|\/diff)?|snapshots\/\d+\/fs)(?:\/|(?=[\s"':]|$))/g;

export interface Explanation {
  readonly text: string;
  readonly hint?: Hint | undefined;
  readonly details?: readonly string[];
  /** Replaces `build <service>` where the place is known better. */
  readonly where?: string;
}

function toError({ service }: BuildFailure, found: Explanation): UserError {
  const { where = `build ${service}`, text, hint, details = [] } = found;
  return new UserError(`${where}: ${text}`, { code: "build-failed", hint, details });
}

/** What the innermost message of the engine means; the first that fits. */
type Explain = (found: RegExpExecArray, failure: BuildFailure) => Explanation | undefined;

const inDockerfile =
  (text: string, hint?: string): Explain =>
  (_found, { dockerfile: where }) => ({ where, text, hint });

const noStage: Explain = ([, name], { dockerfile: where }) => {
  const hint = `name a stage: FROM … AS ${name}, or change mypaas.target`;
  return { where, text: `no build stage "${name}"`, hint };
};

const noSource: Explain = ([, name], { step }) => {
  const place = step === undefined ? "" : `step ${quoted(step)}: `;
  const from = /\s--from=(\S+)/i.exec(step ?? "")?.[1];
  const path = name?.replace(/^\//, "");
  const where = from === undefined ? "the build context" : quoted(from);
  const what =
    path === undefined ? `no file of that name in ${where}` : `"${path}" is not in ${where}`;
  if (from !== undefined)
    return { text: place + what, hint: "check the path in that stage or image" };
  const above = path === undefined ? undefined : leadingOut(step, path);
  if (above !== undefined) return outside(place, above);
  return { text: place + what, hint: isGit(path ?? "") ? askForGit : otherPath };
};

const otherPath = hint`check the path, which counts from the context's folder, and .dockerignore; to send another folder: ${command("push --context DIR")}`;

const askForGit = ".git stays behind unless .dockerignore has a line that is: !.git";

/** The source of a step that leads out of the context and means this path, which BuildKit has cut. */
const leadingOut = (step: string | undefined, path: string): string | undefined =>
  step
    ?.split(/\s+/)
    .map((word) => word.replaceAll(/^[["]+|[",\]]+$/g, ""))
    .find((word) => {
      const normal = posix.normalize(word);
      const inside = normal.replace(/^(?:\.\.\/)+/, "");
      return normal !== inside && `${inside}/`.startsWith(`${path}/`);
    });

function outside(place: string, source: string): Explanation {
  const folder = /^(?:\.\.\/)*\.\./.exec(posix.normalize(source))?.[0] ?? "DIR";
  return {
    text: `${place}"${source}" is outside the build context`,
    hint: hint`send the folder that holds it, from which all paths then count: ${command(`push --context ${folder}`)}`,
  };
}

/** A file of ADD that the server could not load; its password and query may be secrets. */
function noDownload(reason: string, address: string | undefined, step: string | undefined) {
  const url = address ?? /https?:\/\/\S+/.exec(step ?? "")?.[0] ?? "the address";
  const shown = url.replace(/^(\w+:\/\/)[^/?#]*@/, "$1").replace(/[?#].*$/, "");
  return {
    text: `ADD ${shown}: ${reason}`,
    hint: "check the address, and that the server reaches it",
  };
}

const isRegistry = (url: string): boolean => /\/v2\/|\/token\b|[?&]service=/.test(url);

type Wording = string | ((about: string) => string);
type HintWording = string | ((image: string) => Hint);

/** Only where an image is known that the message can be about: many messages say "not found". */
const baseImage =
  (text: Wording, wayOut: HintWording): Explain =>
  ({ input }, { step }) => {
    const image = imageOf(input, step);
    if (image === undefined) return undefined;
    // Of a syntax directive.
    const isReader = /\bdockerfile(?:-upstream)?[:@"]/.test(image);
    const registry = /https?:\/\/([^/"\s]+)/.exec(input)?.[1] ?? "of the image";
    return {
      text: `${isReader ? "syntax" : "base image"} ${image}: ${typeof text === "string" ? text : text(registry)}`,
      hint: typeof wayOut === "string" ? wayOut : wayOut(image),
      details: [input],
    };
  };

const explanations: readonly (readonly [RegExp, Explain])[] = [
  ...mountErrors,
  [
    /no space left on device/,
    () => ({
      text: "no space left on the server's disk",
      hint: "see what Docker uses on the server: docker system df",
    }),
  ],
  [/^/, cannotRun],
  [/(?:exit code: |returned a non-zero code: )(\d+)$/, exitCode],
  [
    /dockerfile parse error (?:on )?line (\d+): (.*)$/i,
    ([, line, text = ""], failure) => ({
      where: `${failure.dockerfile}:${line}`,
      text: lowerFirst(text),
      hint: isNewSyntax(text, Number(line), failure) ? newerBuilder(failure) : undefined,
    }),
  ],
  [
    /the (--\w+) option requires BuildKit/,
    ([, flag], { dockerfile: where }) => ({
      where,
      text: `${flag} needs BuildKit, and Docker on the server builds without it`,
      hint: turnOnBuildkit,
    }),
  ],
  [
    /^(?:ADD failed: )?(?:Get|Head) "?(https?:\/\/[^"\s]+)"?: (.*)$/,
    ([, url = "", reason = ""], { step }) =>
      isRegistry(url) ? undefined : noDownload(reason, url, step),
  ],
  [
    /failed to GET (\S+) with status (\d+[\w ]*)/,
    ([, url, status = ""], { step }) => noDownload(`the answer is ${status}`, url, step),
  ],
  [
    /^invalid response status (\d+)/,
    ([, status], { step }) => noDownload(`the answer is ${status}`, undefined, step),
  ],
  [
    /forbidden path outside the build context: (\S+)/,
    ([, source = ""], { step }) =>
      outside(step === undefined ? "" : `step ${quoted(step)}: `, source),
  ],
  [
    /no build stage in current context/,
    inDockerfile("an instruction stands before the first FROM"),
  ],
  [
    /file with no instructions|cannot be empty/,
    inDockerfile("has no instructions", "begin with a line such as: FROM debian:12"),
  ],
  [
    /failed to read dockerfile|Cannot locate specified Dockerfile/,
    inDockerfile("not found in the build context", "see that .dockerignore does not exclude it"),
  ],
  [
    /base name \((.*)\) should not be blank/,
    ([, blank], { dockerfile: where }) => ({
      where,
      text: `FROM ${blank} is empty`,
      hint: "add a default above FROM, or a comment: # mypaas.build-arg = NAME=value",
    }),
  ],
  [/target stage "?([^" ]+)"? could not be found/, noStage],
  [/failed to reach build target (\S+) in Dockerfile/, noStage],
  [/"([^"]+)"(?: not found)?: not found$/, noSource],
  [/failed to walk (?:\S*\/buildkit-mount\d+)\/(.+): lstat .*: no such file/, noSource],
  [/^lstat \S*\/buildkit-mount\d+\/(.+): no such file or directory$/, noSource],
  [/excluded by \.dockerignore: stat (.+): file does not exist/, noSource],
  [/COPY failed: stat (.+): (?:file does not exist|no such file)/, noSource],
  [/no source files were specified/, noSource],
  [
    /failed to do request|^Get "https?:|dial tcp|no such host|i\/o timeout|TLS handshake|x509:|connection refused/,
    baseImage(
      (registry) => `registry ${registry} cannot be reached`,
      "check the server's network and DNS, then push again",
    ),
  ],
  [
    /access denied|authorization failed|unauthorized|authentication required|failed to authorize|failed to fetch (anonymous|oauth) token|no basic auth|\b40[13]\b|denied:/i,
    baseImage("the registry wants a login, or has no such image", loginHint),
  ],
  [
    /toomanyrequests|429 Too Many/i,
    baseImage("the registry limits how often this server may ask", "wait an hour and push again"),
  ],
  [
    /no match for platform|no matching manifest|^(?=.*platform).*(?:manifest unknown|manifest for .* not found|: not found$|repository name not known)/,
    baseImage("not made for this server's processor", "check the name and the tag in FROM"),
  ],
  [
    /manifest unknown|manifest for .* not found|: not found$|repository name not known/,
    baseImage("not found", "check the name and the tag in FROM"),
  ],
];

function exitCode({ 1: code, input }: RegExpExecArray, { step, tail }: BuildFailure): Explanation {
  const text = `step ${quoted(step ?? input)} stopped with exit code ${code}`;
  if (tail.some((line) => /not a git repository/i.test(line)))
    return { text, details: tail, hint: askForGit };
  if (code !== "137") return { text, details: tail };
  const hint = "give the server more memory: it killed the step, which usually means out of memory";
  return { text, details: tail, hint };
}

/** BuildKit leaves the reason in the step's output and calls it exit code 1. */
function cannotRun(
  { input: message }: RegExpExecArray,
  { step, tail }: BuildFailure,
): Explanation | undefined {
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
function imageOf(message: string, step: string | undefined): string | undefined {
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
  return named === undefined ? undefined : quoted(named.replace(/^docker\.io\/(library\/)?/, ""));
}

function loginHint(image: string): Hint {
  return hint`check the name in FROM, or log in: ${command(`registry login ${hostOf(image)}`)}`;
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

/** Words that a newer reader of Dockerfiles knows, and the lines of a heredoc that an older one takes for instructions. */
const isNewSyntax = (text: string, line: number, { text: dockerfile }: BuildFailure): boolean => {
  const flag = /unknown flag: -*([\w-]+)/i.exec(text)?.[1];
  if (flag !== undefined) return isNewFlag(flag);
  return dockerfile !== undefined && isInHeredoc(scanDockerfile(dockerfile), line);
};

const newerBuilder = ({ buildkit }: BuildFailure): string =>
  buildkit === false
    ? `it needs BuildKit: ${turnOnBuildkit}`
    : `Docker on the server is too old for it: ${newerReader}`;

function lowerFirst(text: string): string {
  return /^[A-Z][a-z]/.test(text) ? text.charAt(0).toLowerCase() + text.slice(1) : text;
}
