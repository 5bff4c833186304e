import { countCharacters, directiveOf, scanDockerfile, type DockerfileScan } from "./comments.ts";
import { filledIn, isKeyComment, nearMiss, readKeyLine, type KeyLine } from "./comment-keys.ts";
import { problemList, type Problem, type ProblemList } from "./problems.ts";
import { noProcfile, parseProcfile, type ProcfileText } from "./procfile.ts";
import { readSpec } from "./spec-reader.ts";
import {
  coversOf,
  uncoveredPaths,
  volumeLines,
  volumePath,
  waysOut,
} from "../release/declared-volumes.ts";
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

/** Reads the comments of a Dockerfile out of any bytes, and the Procfile that belongs to it; `file` is its name in messages. One that does not name its service is of `service`, if given. Never throws. */
export function parseDockerfile(
  bytes: Uint8Array,
  file: string,
  service?: string,
  beside?: ProcfileText,
): ParsedDockerfile {
  const problems = problemList(file);
  const warnings = problemList(file);
  checkBytes(bytes, problems);
  const unreadable = problems.sorted();
  if (unreadable.length > 0) return { spec: undefined, problems: unreadable, warnings: [] };
  const scan = scanDockerfile(new TextDecoder().decode(bytes));
  const written = readKeyLines(scan, problems, warnings);
  const lines = service === undefined ? written : filledIn(written, service);
  checkFile(scan, problems);
  warnOfSsh(scan, warnings);
  const procfile = beside === undefined ? undefined : parseProcfile(beside);
  const spec = readSpec({
    lines,
    stages: scan.stages,
    hasProgram: scan.hasProgram,
    procfile: procfile?.lines ?? noProcfile,
    problems,
    warnings,
  });
  const volumes = lines.filter(({ key }) => key.name === "volume").length;
  // A line that could not be read may be the one that covers the path.
  if (volumes === spec.volumes.length) checkVolumes(scan, spec, problems);
  const found = [...problems.sorted(), ...(procfile?.problems ?? [])];
  return {
    spec: found.length > 0 ? undefined : spec,
    problems: found,
    warnings: warnings.sorted(),
  };
}

const top = { line: 1, column: 1 };

/** Adds at most one problem. */
function checkBytes(bytes: Uint8Array, problems: ProblemList): void {
  if (bytes.length > maxDockerfileBytes)
    return problems.add(top, `has ${bytes.length} bytes, more than ${maxDockerfileBytes}`);
  const isUtf16 =
    (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
  if (isUtf16) return problems.add(top, "is UTF-16 text", "save it as UTF-8");
  const nul = bytes.indexOf(0);
  if (nul < 0) return;
  const before = bytes.subarray(0, nul);
  const start = before.lastIndexOf(10) + 1;
  const line = before.reduce((count, byte) => (byte === 10 ? count + 1 : count), 1);
  const column = countCharacters(new TextDecoder().decode(before.subarray(start))) + 1;
  problems.add({ line, column }, "contains a NUL byte, so it is not a text file");
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
    const place = { line: comment.line, column: comment.at + 1 };
    const meant = nearMiss(comment);
    if (meant !== undefined) warnings.add(place, "not a key of mypaas", `did you mean ${meant}?`);
    const directive = directiveOf(comment.text, comment.at);
    if (directive && firstKey !== undefined && comment.line < scan.firstInstruction)
      warnings.add(
        place,
        `Docker ignores ${directive.name}= below another comment`,
        `move it above line ${firstKey}`,
      );
  }
  return lines;
}

/** Reports each path that the Dockerfile itself declares with VOLUME and no key covers; base images are known to the build only. */
function checkVolumes(scan: DockerfileScan, spec: ServiceSpec, problems: ProblemList): void {
  const declared = scan.volumes(spec.target);
  const paths = uncoveredPaths(
    declared.map(({ path }) => path),
    coversOf(spec.volumes),
  );
  for (const lines of volumeLines(paths, spec.volumes)) {
    const line = declared.find(({ path }) => volumePath(path) === lines.path)?.line ?? 1;
    const what = `VOLUME ${show(lines.path)}: its data would be lost with each release`;
    problems.add({ line, column: 1 }, what, waysOut(lines));
  }
}

function checkFile(scan: DockerfileScan, problems: ProblemList): void {
  const { openHeredoc } = scan;
  if (scan.instructions === 0)
    problems.add(top, "has no instructions", "begin with a base image, such as: FROM node:24-slim");
  if (openHeredoc === undefined) return;
  const name = show(openHeredoc.name);
  const hint = `end it with a line that is exactly: ${name}`;
  problems.add({ line: openHeredoc.line, column: 1 }, `heredoc ${name} is never closed`, hint);
}

function warnOfSsh({ mounts }: DockerfileScan, warnings: ProblemList): void {
  for (const { type, line } of mounts)
    if (type === "ssh")
      warnings.add(
        { line, column: 1 },
        "RUN --mount=type=ssh: the server has no SSH agent for builds, so the step gets no key",
        "set a token or deploy key as a secret, and mount it: RUN --mount=type=secret,id=NAME",
      );
}
