import assert from "node:assert/strict";
import { test } from "node:test";
import {
  fixtureOf,
  generateFor,
  makeGeneratedDocs,
  readFixtures,
  readGeneratedDocs,
} from "../../../scripts/generated.ts";
import { parseDockerfile } from "../../../src/core/dockerfile/parse.ts";
import { scanDockerfile } from "../../../src/core/dockerfile/comments.ts";
import { beyondBuilder } from "../../../src/core/dockerfile/syntax.ts";
import { parseDockerignore } from "../../../src/core/push/dockerignore.ts";
import { madeFolders } from "../../support/made-folders.ts";

const anew = "look at it, and write it anew: node scripts/docs.ts";

test("each folder gets the Dockerfile, or the question, of its fixture", () => {
  const fixtures = readFixtures();
  assert.deepEqual([...fixtures.keys()], Object.keys(madeFolders).toSorted(), anew);
  for (const [name, files] of Object.entries(madeFolders))
    assert.equal(fixtureOf(generateFor(files, name)), fixtures.get(name), `${name}: ${anew}`);
});

test("docs/generated.md is what the folders get", () => {
  assert.equal(readGeneratedDocs(), makeGeneratedDocs(), anew);
});

const made = Object.entries(madeFolders).flatMap(([name, files]) => {
  const outcome = generateFor(files, name);
  return outcome.kind === "made" ? [{ name, ...outcome }] : [];
});

test("each made Dockerfile describes a service, without problems and for the builders of every server", () => {
  assert.ok(made.length >= 24, `${made.length} are made`);
  for (const { name, dockerfile, dockerignore, service, port } of made) {
    const { spec, problems, warnings } = parseDockerfile(Buffer.from(dockerfile), "Dockerfile");
    assert.deepEqual([...problems, ...warnings], [], name);
    assert.deepEqual([spec?.service, spec?.port], [service, port], name);
    const scan = scanDockerfile(dockerfile);
    const oldest = { engine: "20.10.24", buildkit: false };
    assert.deepEqual(beyondBuilder(scan, oldest), [], `${name}: no BuildKit is needed`);
    parseDockerignore(dockerignore);
  }
});

test("each made image runs as a user without rights, on one port, by one command", () => {
  for (const { name, dockerfile, port } of made) {
    const instructions = scanDockerfile(dockerfile).written.map(({ text }) => text);
    const last = instructions.slice(instructions.findLastIndex((text) => text.startsWith("FROM ")));
    const count = (word: string) => last.filter((text) => text.startsWith(`${word} `)).length;
    assert.deepEqual([count("USER"), count("EXPOSE"), count("CMD")], [1, 1, 1], name);
    assert.ok(last.includes(`EXPOSE ${port}`), name);
    assert.ok(
      last.some((text) => new RegExp(`^ENV .*\\bPORT=${port}$`).test(text)),
      name,
    );
    assert.doesNotMatch(last.find((text) => text.startsWith("USER ")) ?? "", /root|\b0\b/, name);
  }
});
