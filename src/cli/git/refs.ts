/** A ref that `git push` wants to be moved. */
export interface RefPush {
  readonly isForced: boolean;
  /** Empty for one that is to be deleted. */
  readonly from: string;
  readonly to: string;
}

/** Branches whose push is a deploy; a server has one state, whatever the branch is called. */
export const deployedRefs = ["refs/heads/main", "refs/heads/master"] as const;

/** Reads `push +SOURCE:TARGET` of gitremote-helpers(7). */
export function readRefPush(line: string): RefPush {
  const [, force, from = "", to = ""] = /^(\+?)([^:]*):(.*)$/s.exec(line) ?? [];
  return { isForced: force === "+", from, to };
}

/** Why a ref cannot be deployed, with the command that works; undefined for one that can. */
export function refusedRef({ from, to }: RefPush, remote: string): string | undefined {
  if (from === "") return "a service is removed with: mypaas remove NAME";
  if (deployedRefs.some((ref) => ref === to)) return undefined;
  const short = from.replace(/^refs\/(?:heads|tags)\//, "");
  if (to.startsWith("refs/tags/"))
    return `a tag is not deployed by its name; to deploy it: git push ${remote} ${short}^{commit}:main`;
  return `only main is deployed; to deploy this: git push ${remote} ${short}:main`;
}

/** What `git push -o` may say. */
export const pushOptionWords = "no-cache, pull, replace, take-from=SERVICE";

/** Reads those words; the word that is none of them comes back as `unknown`. */
export function readPushOptions(words: readonly string[]) {
  const unknown = words.find((word) => !/^(?:no-cache|pull|replace|take-from=.+)$/.test(word));
  const takeFrom = words.find((word) => word.startsWith("take-from="))?.slice(10);
  return {
    unknown,
    args: {
      cache: !words.includes("no-cache"),
      pull: words.includes("pull"),
      replace: words.includes("replace"),
      takeFrom,
    },
  };
}
