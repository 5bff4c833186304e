import type { PushFrom } from "../actions/push.ts";

/** Where code came from, short enough for a table: `git main 6bc2d8c`. Empty for a folder without a commit. */
export function shortFrom({ kind, branch, commit, dirty }: PushFrom): string {
  const words = [kind === "folder" ? undefined : kind, branch, commit?.slice(0, 7)];
  const known = words.filter((word) => word !== undefined).join(" ");
  return dirty === true ? `${known} + changes` : known;
}

/** The same in words for the log of a job; undefined where there is nothing to say. */
export function describeFrom(from: PushFrom): string | undefined {
  const { kind, branch, commit, subject, dirty } = from;
  if (kind === "folder" && commit === undefined) return undefined;
  const quoted = subject === undefined ? undefined : JSON.stringify(subject);
  const words = [branch, commit?.slice(0, 7), quoted].filter((word) => word !== undefined);
  const what = words.length === 0 ? kind : `${kind}: ${words.join(" ")}`;
  return `taken from ${what}${dirty === true ? ", with changes that are not committed" : ""}`;
}
