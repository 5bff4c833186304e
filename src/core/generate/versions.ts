import semver from "semver";

/** The version of a language: its line of releases, and what was asked for where no known line has it. */
export interface Version {
  readonly line: string;
  readonly note?: string;
}

interface Known {
  /** Name of the language, for the note. */
  readonly of: string;
  /** Lines of releases, the one that is best for everybody first. */
  readonly lines: readonly string[];
}

/** Long-term lines before others; their first is taken where nothing is said. */
export const nodeLines: Known = { of: "node", lines: ["24", "26", "22", "20", "18"] };
export const pythonLines: Known = {
  of: "python",
  lines: ["3.13", "3.14", "3.12", "3.11", "3.10", "3.9"],
};
export const rubyLines: Known = { of: "ruby", lines: ["3.4", "4.0", "3.3", "3.2", "3.1"] };
export const phpLines: Known = { of: "php", lines: ["8.4", "8.5", "8.3", "8.2", "8.1"] };

/** The best known line with a version that fits a range of npm, Python or Ruby. */
export function newest(asked: string | undefined, { of, lines }: Known): Version {
  const [best = ""] = lines;
  const range = (asked ?? "").trim().slice(0, 200);
  if (range === "") return { line: best };
  const shown = JSON.stringify(range);
  const read = npmRange(range);
  if (semver.validRange(read) === null)
    return { line: best, note: `${of}: ${shown} is no range of versions, ${best} is taken` };
  const line = lines.find((one) => semver.intersects(read, one));
  if (line !== undefined) return { line };
  const note = `${of}: ${shown} names no version that is known here (${lines.toSorted().join(", ")}), ${best} is taken`;
  return { line: best, note };
}

/** `~=3.11.2`, `~> 3.2`, `==3.12.*`, `>=3.9,<4` and `lts/*` as npm writes them. */
function npmRange(range: string): string {
  return range
    .replace(/^v(?=\d)/, "")
    .replace(/^lts\/.*$/, "*")
    .replaceAll(/!=\s*[\d.*]+/g, "")
    .replaceAll(/(?:~=|~>)\s*(\d+)\.(\d+)\.[\d.]+/g, "~$1.$2")
    .replaceAll(/(?:~=|~>)\s*(\d+)\.(\d+)/g, "^$1.$2")
    .replaceAll("==", "=")
    .replaceAll(",", " ");
}

/** True where every version of a range is at least this one; for programs that changed with it. */
export const isFrom = (version: string, least: string): boolean => {
  const read = semver.coerce(version);
  return read !== null && semver.gte(read, least);
};
