import { heredocsOf, type Heredoc } from "./heredocs.ts";
import { stageReader, type DeclaredVolume } from "./declared-volumes.ts";
import { runMounts, type RunMount } from "./mounts.ts";
import { firstNonSpace } from "../white-space.ts";

/** A comment of the Dockerfile; comments inside a heredoc do not count. */
export interface Comment {
  /** Counts from 1. */
  readonly line: number;
  /** The whole line without its end; `at` is the index of its `#`. */
  readonly text: string;
  readonly at: number;
}

/** An instruction of the Dockerfile, its lines joined. */
export interface Written {
  readonly line: number;
  /** Its last line, that of its heredocs included. */
  readonly end: number;
  readonly text: string;
  readonly hasHeredoc: boolean;
}

export interface DockerfileScan {
  readonly comments: readonly Comment[];
  /** Names of build stages in order, empty for a stage without one. */
  readonly stages: readonly string[];
  /** The VOLUME instructions that count for an image of this stage, the last one where it is left out. */
  readonly volumes: (target: string | undefined) => readonly DeclaredVolume[];
  /** True when such an image has CMD or ENTRYPOINT of this file. */
  readonly hasProgram: (target: string | undefined) => boolean;
  readonly instructions: number;
  readonly written: readonly Written[];
  /** True with a syntax directive, which names another reader of Dockerfiles. */
  readonly hasSyntax: boolean;
  /** What its RUN instructions ask the client of the build for. */
  readonly mounts: readonly RunMount[];
  /** Line of the first instruction, or one past the end. */
  readonly firstInstruction: number;
  /** The heredoc that is still open at the end of the file, with the line of its instruction. */
  readonly openHeredoc: { readonly name: string; readonly line: number } | undefined;
}

/** Finds the comments of a Dockerfile by the rules of BuildKit's parser: between continued lines too, but not inside heredocs. */
export function scanDockerfile(text: string): DockerfileScan {
  const comments: Comment[] = [];
  const stages: string[] = [];
  const built = stageReader();
  const mounts: RunMount[] = [];
  const directives = readDirectives();
  // Open heredocs; the next one to be closed is last.
  let heredocs: Heredoc[] = [];
  let parts: string[] = [];
  const written: { -readonly [K in keyof Written]: Written[K] }[] = [];
  let started = 0;
  let firstInstruction: number | undefined;
  let number = 0;
  const finish = () => {
    if (parts.length === 0) return;
    const instruction = parts.join("");
    parts = [];
    firstInstruction ??= started;
    const stage = stageOf(instruction);
    if (stage !== undefined) stages.push(stage);
    built.see(instruction, started);
    mounts.push(...runMounts(instruction, started));
    heredocs = heredocsOf(instruction).toReversed();
    const hasHeredoc = heredocs.length > 0;
    written.push({ line: started, end: number, text: instruction, hasHeredoc });
  };
  for (const line of linesOf(text)) {
    number++;
    const heredoc = heredocs.at(-1);
    if (heredoc !== undefined) {
      const last = written.at(-1);
      if (last !== undefined) last.end = number;
      if (closes(line, heredoc)) heredocs.pop();
      continue;
    }
    const at = firstNonSpace(line, 0);
    directives.see(line, at);
    if (at === line.length) continue;
    if (line[at] === "#") {
      comments.push({ line: number, text: line, at });
      continue;
    }
    if (parts.length === 0) started = number;
    const end = continuationEnd(line, directives.escape());
    parts.push(line.slice(parts.length === 0 ? at : 0, end));
    if (end === undefined) finish();
  }
  finish();
  const open = heredocs.at(-1);
  return {
    comments,
    stages,
    volumes: built.volumes,
    hasProgram: built.hasProgram,
    instructions: written.length,
    written,
    hasSyntax: directives.hasSyntax(),
    mounts,
    firstInstruction: firstInstruction ?? number + 1,
    openHeredoc: open === undefined ? undefined : { name: open.name, line: started },
  };
}

/** Length in Unicode characters, the unit of columns. */
export function countCharacters(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
}

/** The parser directive that a comment is when it stands at the top of the file. */
export function directiveOf(line: string, at: number) {
  if (line[at] !== "#") return undefined;
  const match = /^(syntax|escape|check)\s*=\s*(\S)/i.exec(
    line.slice(firstNonSpace(line, at + 1)).slice(0, 200),
  );
  return match && { name: (match[1] ?? "").toLowerCase(), value: match[2] ?? "" };
}

/** Directives count only before the first line that is not a directive. */
function readDirectives() {
  let escape = "\\";
  let over = false;
  let hasSyntax = false;
  return {
    escape: () => escape,
    hasSyntax: () => hasSyntax,
    see(line: string, at: number): void {
      if (over) return;
      const directive = directiveOf(line, at);
      if (!directive) over = true;
      else if (directive.name === "syntax") hasSyntax = true;
      else if (directive.name === "escape" && directive.value === "`") escape = "`";
    },
  };
}

function* linesOf(text: string): Generator<string> {
  for (let from = 0; from < text.length;) {
    const end = text.indexOf("\n", from);
    let to = end < 0 ? text.length : end;
    while (to > from && text[to - 1] === "\r") to--;
    yield text.slice(from, to);
    from = end < 0 ? text.length : end + 1;
  }
}

function closes(line: string, { name, chomp }: Heredoc): boolean {
  if (!chomp) return line === name;
  return line.endsWith(name) && /^\t*$/.test(line.slice(0, line.length - name.length));
}

/** The index of the escape character that continues the line; undefined when the line ends here. Two escape characters do not continue a line. */
function continuationEnd(line: string, escape: string): number | undefined {
  let end = line.length;
  while (end > 0 && " \t".includes(line.charAt(end - 1))) end--;
  const continues = line[end - 1] === escape && line[end - 2] !== escape;
  return continues ? end - 1 : undefined;
}

function stageOf(instruction: string): string | undefined {
  if (!/^from\s/i.test(instruction)) return undefined;
  return /\sas\s+(\S{1,128})\s*$/i.exec(instruction.slice(-400))?.[1] ?? "";
}
