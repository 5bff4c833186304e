import { hasControls, quotePath } from "../push/manifest.ts";
import { Question } from "./question.ts";

/** A file of a folder or of an archive, as it is listed. */
export interface Listed {
  /** Relative and `/`-separated. */
  readonly path: string;
  readonly size: number;
  /** True for a symbolic link, which nobody follows. */
  readonly isLink: boolean;
}

/** What the decision about a Dockerfile is made from. */
export interface Folder {
  readonly has: (path: string) => boolean;
  /** Paths of files, without links. */
  readonly paths: readonly string[];
  /** The text of a file that `filesToRead` names; undefined where there is none. Throws Question for a link and for a file that is too long. */
  readonly text: (path: string) => string | undefined;
}

/** No file that a person wrote is longer. */
const maxTextBytes = 1024 * 1024;
/** Of all sources together: they are held in memory. */
const maxSourceBytes = 8 * 1024 * 1024;
const maxTexts = 400;
/** Deeper files tell nothing about what a folder is. */
export const maxDepth = 4;
/** What tools leave there is not the person's. */
export const passedOver: ReadonlySet<string> = new Set([
  ".git",
  "node_modules",
  "vendor",
  "venv",
  ".venv",
  "__pycache__",
]);

const wanted: readonly RegExp[] = [
  /^(?:Procfile|package\.json|angular\.json|svelte\.config\.[cm]?js|(?:next|nuxt|astro|vite)\.config\.[cm]?[jt]s)$/,
  // Long lock files are not read; a guess from their first lines is not worth it.
  /^(?:pnpm-lock\.yaml|yarn\.lock)$/,
  /^(?:\.nvmrc|\.node-version|\.python-version|\.ruby-version|runtime\.txt)$/,
  /^(?:requirements\.txt|pyproject\.toml|Pipfile|manage\.py|Gemfile|Gemfile\.lock|go\.mod|composer\.json)$/,
  /^(?:[^/]+\/){0,2}[^/]+\.py$/,
  /^(?:cmd\/[^/]+\/)?[^/]+\.go$/,
];
/** Files that decide something by being there. */
const telling =
  /^(?:package-lock\.json|npm-shrinkwrap\.json|pnpm-lock\.yaml|yarn\.lock|bun\.lockb?|uv\.lock|poetry\.lock|Pipfile\.lock|composer\.lock|go\.sum|index\.html|config\.ru)$/;
/** What is read only to find something in it. */
const isSource = (path: string): boolean => /\.(?:py|go|lock|yaml)$/.test(path);

/** Names the few files that have to be read; most telling ones first. */
export function filesToRead(listed: readonly Listed[]): readonly string[] {
  const plain = whatCounts(listed).filter(({ isLink, size }) => !isLink && size <= maxTextBytes);
  let sourceBytes = 0;
  return wanted
    .flatMap((pattern) => plain.filter(({ path }) => pattern.test(path)))
    .filter(({ path, size }) => !isSource(path) || (sourceBytes += size) <= maxSourceBytes)
    .map(({ path }) => path)
    .slice(0, maxTexts);
}

/** The same files in the same order, whether a folder was listed or an archive that has everything. */
const whatCounts = (listed: readonly Listed[]): readonly Listed[] =>
  listed
    .filter(({ path }) => {
      const above = path.split("/").slice(0, -1);
      return above.length < maxDepth && !above.some((name) => passedOver.has(name));
    })
    .toSorted((a, b) => (a.path < b.path ? -1 : 1));

/** Makes a folder out of its listing and of the texts that were asked for. */
export function openFolder(listed: readonly Listed[], texts: ReadonlyMap<string, string>): Folder {
  const counting = whatCounts(listed);
  const byPath = new Map(counting.map((one) => [one.path, one]));
  const plain = (path: string): Listed | undefined => {
    const found = byPath.get(path);
    if (found?.isLink !== true) return found;
    if (wanted.every((pattern) => !pattern.test(path)) && !telling.test(path)) return undefined;
    throw new Question(`${path}: is a link`, "put the file itself in its place");
  };
  return {
    has: (path) => plain(path) !== undefined,
    paths: counting.filter(({ isLink }) => !isLink).map(({ path }) => path),
    text: (path) => {
      const found = plain(path);
      if (found !== undefined && found.size > maxTextBytes && !isSource(path))
        throw new Question(
          `${path}: has ${found.size} bytes, at most ${maxTextBytes} are read`,
          "write a Dockerfile, or make the file smaller",
        );
      return texts.get(path);
    },
  };
}

/** A path as it may stand in an instruction and in a sentence; throws Question for one that may not. */
export function plainPath(path: string): string {
  if (/^[A-Za-z0-9_][A-Za-z0-9._/-]*$/.test(path) && !path.includes("..")) return path;
  const shown = hasControls(path) ? quotePath(path) : JSON.stringify(path);
  throw new Question(
    `${shown}: a Dockerfile cannot be made with a file of this name`,
    "rename it to letters, digits, dot, hyphen and _, or write a Dockerfile",
  );
}
