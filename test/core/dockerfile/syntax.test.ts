import assert from "node:assert/strict";
import { test } from "node:test";
import { scanDockerfile } from "../../../src/core/dockerfile/comments.ts";
import { beyondBuilder, isInHeredoc } from "../../../src/core/dockerfile/syntax.ts";

const found = (text: string, engine = "20.10.24", buildkit = true) =>
  beyondBuilder(scanDockerfile(text), { engine, buildkit }).map(
    ({ line, message }) => `${line} ${message.split(":")[0]}`,
  );

test("what the builder of an engine cannot build is found by line", () => {
  const cases: readonly [
    text: string,
    engine: string,
    buildkit: boolean,
    found: readonly string[],
  ][] = [
    ["FROM x\nRUN echo\nCOPY a b\n", "20.10.24", true, []],
    ["FROM x\nRUN <<EOF\nx\nEOF\n", "20.10.24", true, ["2 RUN with a heredoc"]],
    ["FROM x\nRUN <<EOF\nx\nEOF\n", "23.0.1", true, []],
    ["FROM x\ncopy --link \\\n a b\n", "20.10.24", true, ["2 COPY --link"]],
    ["FROM x\nCOPY a --link\n", "20.10.24", true, []],
    ["FROM x\nCOPY --chown=1 --exclude=*.md . /\n", "28.5.2", true, ["2 COPY --exclude"]],
    ["FROM x\nCOPY --parents a b/\n", "29.1.0", true, []],
    ["FROM x\nADD --checksum=sha256:0 http://x /\n", "24.0.7", true, ["2 ADD --checksum"]],
    ["FROM x\nONBUILD COPY --link a b\n", "20.10.24", true, ["2 COPY --link"]],
    ["FROM x\nRUN --mount=type=cache,target=/x y\n", "20.10.24", true, []],
    ["FROM x\nRUN --mount=type=cache,target=/x y\n", "28.0.0", false, ["2 RUN --mount"]],
    ["FROM x\nCOPY --chmod=755 a b\n", "28.0.0", false, ["2 COPY --chmod"]],
    [
      "FROM x\nHEALTHCHECK --start-interval=1s CMD x\n",
      "24.0",
      true,
      ["2 HEALTHCHECK --start-interval"],
    ],
    ["# syntax=docker/dockerfile:1\nFROM x\nCOPY --link a b\n", "20.10.24", true, []],
    [
      "# x\n# syntax=docker/dockerfile:1\nFROM x\nCOPY --link a b\n",
      "20.10.24",
      true,
      ["4 COPY --link"],
    ],
    ["# syntax=docker/dockerfile:1\nFROM x\nCOPY --link a b\n", "28.0.0", false, ["3 COPY --link"]],
    ["FROM x\nCOPY --link a b\n", "unknown", true, []],
  ];
  for (const [text, engine, buildkit, expected] of cases)
    assert.deepEqual(found(text, engine, buildkit), expected, text);
});

test("a builder without BuildKit is told apart from an old one", () => {
  const [one] = beyondBuilder(scanDockerfile("FROM x\nCOPY --link a b\n"), {
    engine: "28.0.0",
    buildkit: false,
  });
  assert.deepEqual(one, {
    line: 2,
    message: "COPY --link: Docker on the server builds without BuildKit, which it needs",
    hint: 'remove "buildkit": false from /etc/docker/daemon.json on the server, and restart Docker there',
  });
});

test("lines inside a heredoc are known", () => {
  const scan = scanDockerfile("FROM x\nRUN <<A <<B\n1\nA\n2\nB\nRUN y\n");
  const inside = [1, 2, 3, 4, 5, 6, 7].filter((line) => isInHeredoc(scan, line));
  assert.deepEqual(inside, [3, 4, 5, 6]);
});
