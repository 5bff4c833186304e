import { isKeyComment, readKeyLine } from "../dockerfile/comment-keys.ts";
import { scanDockerfile } from "../dockerfile/comments.ts";
import { problemList } from "../dockerfile/problems.ts";

/** A Procfile: what to start, and the settings in its comments. */
export interface Procfile {
  /** The command of each process by its name, such as `web`. */
  readonly commands: ReadonlyMap<string, string>;
  /** Its comments alone, each on its own line, as `parseDockerfile` reads them. */
  readonly comments: string;
  /** The lines `# mypaas.key = value` and the names of their keys. */
  readonly keys: readonly { readonly name: string; readonly line: string }[];
}

/** Reads a Procfile: `name: command` a line; a line with # in front is a comment. */
export function readProcfile(text: string): Procfile {
  const all = text.replace(/^\uFEFF/, "").split(/\r?\n|\r/);
  const isComment = (line: string) => line.trimStart().startsWith("#");
  const comments = all.map((line) => (isComment(line) ? line : "")).join("\n");
  const problems = problemList("Procfile");
  const keys = scanDockerfile(comments)
    .comments.filter((comment) => isKeyComment(comment))
    .flatMap((comment) => {
      const read = readKeyLine(comment, problems);
      return read === undefined ? [] : [{ name: read.key.name, line: comment.text.trim() }];
    });
  const commands = new Map<string, string>();
  for (const line of all) {
    const [, name, command] = /^([A-Za-z0-9_-]+):[ \t]*(\S.*)$/.exec(line) ?? [];
    if (name !== undefined && command !== undefined) commands.set(name, command.trim());
  }
  return { commands, comments, keys };
}
