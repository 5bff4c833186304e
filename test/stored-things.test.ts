import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { test } from "node:test";
import { migrations } from "../src/adapters/state/schema.ts";
import { remotesShape } from "../src/adapters/laptop/remotes.ts";
import { receiverConfigShape } from "../src/core/server/receiver-container.ts";
import { eventShape } from "../src/core/stored/events.ts";
import {
  grantShape,
  hostRecordShape,
  projectShape,
  scaleOverrideShape,
  fromShape,
  receiptShape,
  releaseShape,
  stepDataShape,
} from "../src/core/stored/records.ts";

const root = join(import.meta.dirname, "..");
const sources = globSync("{src,bin,scripts}/**/*.ts", { cwd: root }).map((file) => ({
  file,
  text: readFileSync(join(root, file), "utf8"),
}));

/** Files that take JSON apart which no earlier run of mypaas has stored. */
const fromOthers: Readonly<Record<string, readonly string[]>> = {
  "the wire": ["request.ts", "fields.ts", "call.ts", "upstream.ts", "snapshot.ts"],
  Docker: ["messages.ts", "filter.ts", "docker-filter.ts"],
  Traefik: ["api.ts", "checks.ts", "storage.ts"],
  "an image": ["image-config.ts"],
  "a CA": ["acme-directory.ts"],
  "the jail": ["pushed-refs.ts"],
  "the argument of a container": ["relay.ts", "egress.ts"],
  "the worker, in the jail": ["git-jail.ts", "git-fetch.ts"],
  "the package": ["package-version.ts"],
  "a folder of a person": ["data-files.ts"],
};

test("what mypaas has stored is read by readers that know its versions, and by nothing else", () => {
  const parsing = sources
    .filter(({ text }) => text.includes("JSON.parse("))
    .map(({ file }) => file);
  const known = [...Object.values(fromOthers).flat(), "stored.ts"];
  assert.deepEqual(
    parsing.filter((file) => !known.includes(basename(file))),
    [],
    "read it with readStored of core/stored/stored.ts",
  );
  assert.deepEqual(
    known.filter((name) => !parsing.some((file) => basename(file) === name)),
    [],
    "take it out of the list of this test",
  );
});

test("every file that stores JSON in the database has a reader for it", () => {
  const writing = sources.filter(
    ({ file, text }) => file.includes("adapters/state/") && text.includes("JSON.stringify("),
  );
  assert.ok(writing.length >= 4);
  for (const { file, text } of writing) assert.match(text, /from "[./]*core\/stored\//, file);
});

test("what is stored in JSON has the form that is written down for this version of the state", () => {
  const file = "test/fixtures/stored-forms.txt";
  const forms = {
    release: releaseShape,
    receipt: receiptShape,
    from: fromShape,
    scale: scaleOverrideShape,
    project: projectShape,
    certificate: hostRecordShape,
    step: stepDataShape,
    event: eventShape,
    remotes: remotesShape,
    receiver: receiverConfigShape,
    grant: grantShape,
  };
  const lines = Object.entries(forms).map(([name, { shape }]) => `${name}: ${shape}`);
  assert.equal(
    `state version ${migrations.length}\n${lines.join("\n")}\n`,
    readFileSync(join(root, file), "utf8"),
    `a form has changed: where an older mypaas would misread it, append a migration, so that it refuses this state in words; then write the new forms into ${file}`,
  );
});
