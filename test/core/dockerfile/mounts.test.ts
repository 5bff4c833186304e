import assert from "node:assert/strict";
import { test } from "node:test";
import { scanDockerfile } from "../../../src/core/dockerfile/comments.ts";
import { parseDockerfile } from "../../../src/core/dockerfile/parse.ts";

const cases: readonly (readonly [instruction: string, asked: readonly string[]])[] = [
  ["RUN npm ci", []],
  ["RUN --mount=type=secret,id=TOKEN npm ci", ["TOKEN"]],
  ["run --network=none --mount=TYPE=secret,ID=npm-token,required npm ci", ["npm-token"]],
  [
    'RUN --mount="type=secret,id=A" --mount=type=secret,target=/root/.npmrc npm ci',
    ["A", ".npmrc"],
  ],
  ["RUN --mount=type=secret,source=A,dst=/x npm ci", ["A"]],
  ["RUN --mount=type=secret,env=A npm ci", ["A"]],
  ["RUN --mount=type=secret npm ci", []],
  ["RUN \\\n  --mount=type=secret,id=A \\\n  npm ci", ["A"]],
  ["RUN --mount=type=cache,target=/c --mount=type=bind,target=. npm ci", []],
  ["RUN echo --mount=type=secret,id=A x", []],
  ["RUN cat <<EOF\nRUN --mount=type=secret,id=A x\nEOF", []],
  ["# RUN --mount=type=secret,id=A x", []],
  ["RUN --mount=type=ssh --mount=type=ssh,id=git git clone x", ["ssh", "ssh"]],
];

for (const [instruction, asked] of cases)
  test(`mounts: ${instruction.slice(0, 60)}`, () => {
    const { mounts } = scanDockerfile(`FROM a\n${instruction}\n`);
    assert.deepEqual(
      mounts.map((mount) => (mount.type === "ssh" ? "ssh" : mount.id)),
      asked,
    );
    assert.ok(mounts.every(({ line }) => line === 2));
  });

test("check warns of an SSH mount, because the server has no agent", () => {
  const text = "# mypaas.service = web\nFROM a\nRUN --mount=type=ssh git clone x\n";
  const { warnings, problems } = parseDockerfile(Buffer.from(text), "Dockerfile");
  assert.deepEqual(problems, []);
  assert.deepEqual(
    warnings.map(({ line, message, hint }) => [line, message, hint]),
    [
      [
        3,
        "RUN --mount=type=ssh: the server has no SSH agent for builds, so the step gets no key",
        "set a token or deploy key as a secret, and mount it: RUN --mount=type=secret,id=NAME",
      ],
    ],
  );
});
