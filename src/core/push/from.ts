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

/** A commit, as a push names it. */
export type Commit = Omit<PushFrom, "kind">;

interface Known {
  readonly commit: string;
  readonly branch: string | undefined;
  readonly subject: string;
  readonly isDirty: boolean;
}

/** Brings what git says into the form in which it is sent: one line each, and not too long. */
export function commitOf({ commit, branch, subject, isDirty }: Known): Commit {
  const line = (text: string) =>
    text
      .replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ")
      .trim()
      .slice(0, 120)
      .toWellFormed();
  return {
    commit,
    ...(branch !== undefined && line(branch) !== "" && { branch: line(branch) }),
    ...(line(subject) !== "" && { subject: line(subject) }),
    ...(isDirty && { dirty: true }),
  };
}
