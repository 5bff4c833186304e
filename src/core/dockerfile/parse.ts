import { countCharacters, directiveOf, scanDockerfile, type DockerfileScan } from "./comments.ts";
import { isKeyComment, nearMiss, readKeyLine, type KeyLine } from "./comment-keys.ts";
import { problemList, type Problem, type ProblemList } from "./problems.ts";
import { readSpec } from "./spec-reader.ts";
import type { ServiceSpec } from "../release/spec.ts";
import { show } from "./values.ts";

/** A Dockerfile as read. It has a spec only without problems; warnings do not matter for that. */
export interface ParsedDockerfile {
  readonly spec: ServiceSpec | undefined;
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
}

/** No real Dockerfile is longer; a longer file was chosen by mistake. */
export const maxDockerfileBytes = 4 * 1024 * 1024;

/** Reads the comments of a Dockerfile out of any bytes; `file` is its name in messages. Never throws. */
export function parseDockerfile(bytes: Uint8Array, file: string): ParsedDockerfile {
  const problems = problemList(file);
  const warnings = problemList(file);
  const unreadable = refuseBytes(bytes);
  if (unreadable) {
    problems.add(unreadable);
    return { spec: undefined, problems: problems.sorted(), warnings: [] };
  }
  const scan = scanDockerfile(new TextDecoder().decode(bytes));
  const lines = readKeyLines(scan, problems, warnings);
  checkFile(scan, problems);
  const spec = readSpec({ lines, stages: scan.stages, problems, warnings });
  const sorted = problems.sorted();
  return {
    spec: sorted.length > 0 ? undefined : spec,
    problems: sorted,
    warnings: warnings.sorted(),
  };
}

function refuseBytes(bytes: Uint8Array) {
  if (bytes.length > maxDockerfileBytes)
    return {
      line: 1,
      column: 1,
      message: `has ${bytes.length} bytes, more than ${maxDockerfileBytes}`,
    };
  const isUtf16 =
    (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
  if (isUtf16) return { line: 1, column: 1, message: "is UTF-16 text", hint: "save it as UTF-8" };
  const nul = bytes.indexOf(0);
  if (nul < 0) return undefined;
  const before = bytes.subarray(0, nul);
  const start = before.lastIndexOf(10) + 1;
  const line = before.reduce((count, byte) => (byte === 10 ? count + 1 : count), 1);
  const column = countCharacters(new TextDecoder().decode(before.subarray(start))) + 1;
  return { line, column, message: "contains a NUL byte, so it is not a text file" };
}

function readKeyLines(
  scan: DockerfileScan,
  problems: ProblemList,
  warnings: ProblemList,
): readonly KeyLine[] {
  const lines: KeyLine[] = [];
  let firstKey: number | undefined;
  for (const comment of scan.comments) {
    if (isKeyComment(comment)) {
      firstKey ??= comment.line;
      const line = readKeyLine(comment, problems);
      if (line !== undefined) lines.push(line);
      continue;
    }
    const column = comment.at + 1;
    const meant = nearMiss(comment);
    if (meant !== undefined)
      warnings.add({
        line: comment.line,
        column,
        message: "not a key of mypaas",
        hint: `did you mean ${meant}?`,
      });
    const directive = directiveOf(comment.text, comment.at);
    if (directive && firstKey !== undefined && comment.line < scan.firstInstruction)
      warnings.add({
        line: comment.line,
        column,
        message: `Docker ignores ${directive.name}= below another comment`,
        hint: `move it above line ${firstKey}`,
      });
  }
  return lines;
}

function checkFile(scan: DockerfileScan, problems: ProblemList): void {
  const { openHeredoc } = scan;
  if (scan.instructions === 0)
    problems.add({
      line: 1,
      column: 1,
      message: "has no instructions",
      hint: "begin with a base image, such as: FROM node:24-slim",
    });
  if (openHeredoc !== undefined)
    problems.add({
      line: openHeredoc.line,
      column: 1,
      message: `heredoc ${show(openHeredoc.name)} is never closed`,
      hint: `end it with a line that is exactly: ${show(openHeredoc.name)}`,
    });
}
