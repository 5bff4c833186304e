import { posix } from "node:path";
import { UserError } from "../errors.ts";

/** The rules of a `.dockerignore`, for a walk from the root down. `.git` is ignored until a line such as `!.git` asks for it. */
export interface Ignore {
  /** `parent` is the state of the directory above, undefined at the root. Paths are relative and separated by `/`. */
  readonly verdict: (path: string, parent?: IgnoreState) => IgnoreVerdict;
  /** False when no exception can be below an ignored directory, so it need not be read. */
  readonly mayHoldExceptions: (directory: string) => boolean;
}

/** One flag per pattern, and per line about `.git`: it matched this path or one above. */
export interface IgnoreState {
  readonly own: readonly boolean[];
  readonly git: readonly boolean[];
}

export interface IgnoreVerdict {
  readonly isIgnored: boolean;
  readonly state: IgnoreState;
}

interface Pattern {
  readonly isException: boolean;
  readonly text: string;
  readonly matches: (path: string) => boolean;
}

/** Reads a `.dockerignore` as Docker does (moby/patternmatcher and its ignorefile), but letters with accents match in either spelling. Throws UserError with `file` and line for a broken pattern. */
export function parseDockerignore(text: string, file = ".dockerignore"): Ignore {
  const patterns: Pattern[] = [];
  const lines = text.replace(/^\uFEFF/, "").split("\n");
  for (const [index, line] of lines.entries()) {
    const pattern = readLine(line);
    if (pattern === undefined) continue;
    if (pattern.text === "" || !isWellFormed(pattern.text))
      throw new UserError(`${file}:${index + 1}: bad pattern ${JSON.stringify(line.trim())}`, {
        code: "dockerignore",
        hint: "correct the line, or comment it out with #",
      });
    patterns.push({ ...pattern, matches: matcher(pattern.text) });
  }
  const git = [noGit, ...patterns.filter(({ text, isException }) => isException && isGit(text))];
  return {
    verdict: (spelled, parent) => {
      const path = spelled.normalize("NFC");
      const own = verdictOf(patterns, path, parent?.own);
      const ofGit = isGit(path) ? verdictOf(git, path, parent?.git) : notGit;
      const isIgnored = own.isIgnored || ofGit.isIgnored;
      return { isIgnored, state: { own: own.state, git: ofGit.state } };
    },
    mayHoldExceptions: (directory) =>
      (isGit(directory) ? git : patterns).some(
        ({ isException, text: wanted }) =>
          isException && reaches(wanted, directory.normalize("NFC")),
      ),
  };
}

/** True for a path at or below `.git`. */
export const isGit = (path: string): boolean => path.split("/").includes(".git");

const noGit: Pattern = { isException: false, text: "**/.git", matches: matcher("**/.git") };
const notGit = { isIgnored: false, state: [] } as const;

/** True when a path of the context is left out; for a caller without a walk. */
export function isIgnored(ignore: Ignore, path: string): boolean {
  const parts = path.split("/");
  let verdict: IgnoreVerdict | undefined;
  for (const index of parts.keys())
    verdict = ignore.verdict(parts.slice(0, index + 1).join("/"), verdict?.state);
  return verdict?.isIgnored ?? false;
}

function readLine(line: string): Omit<Pattern, "matches"> | undefined {
  if (line.startsWith("#")) return undefined;
  const trimmed = line.trim();
  if (trimmed === "") return undefined;
  const isException = trimmed.startsWith("!");
  const path = isException ? trimmed.slice(1).trim() : trimmed;
  return { isException, text: path === "" ? "" : clean(path.normalize("NFC")) };
}

/** `a/`, `./a` and `/a` all mean `a`. */
function clean(path: string): string {
  const normal = posix.normalize(path);
  const bare = normal.length > 1 ? normal.replace(/\/$/, "") : normal;
  return bare.length > 1 && bare.startsWith("/") ? bare.slice(1) : bare;
}

/** A pattern is matched only when it could change the verdict so far; Docker's result depends on that order. */
function verdictOf(
  patterns: readonly Pattern[],
  path: string,
  parent: readonly boolean[] | undefined,
) {
  let isIgnoredNow = false;
  const state = patterns.map((pattern, index) => {
    const isMatch =
      parent?.[index] === true || (pattern.isException === isIgnoredNow && pattern.matches(path));
    if (isMatch) isIgnoredNow = !pattern.isException;
    return isMatch;
  });
  return { isIgnored: isIgnoredNow, state };
}

/** Compares up to the first segment with a wildcard, and is true from there on. */
function reaches(exception: string, directory: string): boolean {
  const wanted = exception.split("/");
  for (const [index, segment] of directory.split("/").entries()) {
    const next = wanted[index];
    if (next === undefined) return false;
    if (/[*?[\\]/.test(next)) return true;
    if (next !== segment) return false;
  }
  return wanted.length > directory.split("/").length;
}

function matcher(pattern: string): (path: string) => boolean {
  const isPlainAfter = (from: number) => !/[*?[\]\\]/.test(pattern.slice(from));
  if (isPlainAfter(0)) return (path) => path === pattern;
  if (pattern.startsWith("**") && isPlainAfter(2)) {
    const suffix = pattern.slice(2);
    return (path) => path.endsWith(suffix) || (suffix[0] === "/" && path === suffix.slice(1));
  }
  const expression = new RegExp(`^${toExpression(pattern)}$`, "u");
  return (path) => expression.test(path);
}

const tokens = /\*\*\/?|\*|\?|\[\^?(?:\\.|[^\]\\])+\]|\\.|./gsu;

const toExpression = (pattern: string): string =>
  pattern.replace(tokens, (token, at: number) => {
    if (token.startsWith("**")) return at + token.length === pattern.length ? ".*" : "(.*/)?";
    if (token === "*") return "[^/]*";
    if (token === "?") return "[^/]";
    if (token.startsWith("[") && token.length > 1) return toClass(token.slice(1, -1));
    return escape(token.startsWith("\\") && token.length > 1 ? token.slice(1) : token);
  });

function toClass(inside: string): string {
  const isNegated = inside.startsWith("^");
  const body = (isNegated ? inside.slice(1) : inside).replace(
    /\\(?<escaped>.)|[^-]/gsu,
    (token, escaped: string | undefined) => (escaped === "-" ? "\\-" : escape(escaped ?? token)),
  );
  return `[${isNegated ? "^" : ""}${body}]`;
}

const escape = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");

/** The syntax of Go's filepath.Match: every class closed and not empty, no escape at the end, no reversed range. */
function isWellFormed(pattern: string): boolean {
  const one = String.raw`(?:\\.|[^\]\\-])`;
  const grammar = new RegExp(`^(?:\\[\\^?(?:${one}(?:-${one})?)+\\]|\\\\.|[^\\[\\\\])*$`, "su");
  if (!grammar.test(pattern)) return false;
  try {
    matcher(pattern);
    return true;
  } catch {
    return false;
  }
}
