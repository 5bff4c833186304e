import assert from "node:assert/strict";
import { hintText } from "../../../src/core/hints.ts";
import { test } from "node:test";
import { UserError } from "../../../src/core/errors.ts";
import { readLoggedEvent } from "../../../src/core/wire/event-reader.ts";
import { isOutcome } from "../../../src/core/wire/event-roles.ts";
import { parseRequest } from "../../../src/core/wire/request.ts";
import { whatToUpdate, withUpdateHint } from "../../../src/core/wire/versions.ts";

const how = 'see "Five minutes" in README.md';
const server = (to: string) =>
  `update mypaas on the server${to}, ${how}; then run: sudo mypaas init`;
const laptop = (to: string) => `update mypaas here to ${to}, ${how}`;
const both = `install the same version on both sides, ${how}`;

test("where two versions do not understand each other, the older side is to be updated", () => {
  for (const [here, there, hint] of [
    ["0.2.0", "0.1.0", server(" to 0.2.0")],
    ["0.10.0", "0.9.9", server(" to 0.10.0")],
    ["1.0.0", undefined, server(" to 1.0.0")],
    ["0.1.0", "0.2.0", laptop("0.2.0")],
    ["0.9.9", "0.10.0-beta.1", laptop("0.10.0-beta.1")],
    ["0.1.0", "0.1.0", both],
    ["0.1.0", "no version", server(" to 0.1.0")],
  ] as const)
    assert.equal(hintText(whatToUpdate(here, there)), hint, `${here} and ${there}`);
});

test("an error between two versions says which side to update, any other stays as it is", () => {
  const versions = { laptop: "0.1.0", server: "0.2.0" };
  const hinted = (error: unknown) => {
    const more = withUpdateHint(error, versions);
    return more === error ? "the same" : more instanceof UserError && more.hint;
  };
  const strange = new UserError("line: carried a frame of unknown type 12", { code: "protocol" });
  const old = 'request: unknown action "later", update mypaas on the server';
  assert.equal(hinted(strange), laptop("0.2.0"));
  assert.equal(hinted(new UserError(old, { code: "bad-request" })), server(" to 0.1.0"));
  assert.equal(hinted(new UserError("service: not valid", { code: "bad-request" })), "the same");
  assert.equal(hinted(new UserError(old, { code: "forbidden" })), "the same");
  assert.equal(hinted(new Error("x")), "the same");
});

test("a server refuses what it does not know of a request instead of leaving it out", () => {
  const head = {
    v: 1,
    server: "local",
    created: 1,
    nonce: "0f".repeat(16),
    tokenHash: "ab".repeat(32),
  };
  const entry = { path: "Dockerfile", mode: 0o644, size: 3, sha256: "ab".repeat(32) };
  const options = { pull: false, noCache: false };
  const push = { dockerfile: "Dockerfile", entries: [entry], options };
  const read = (request: object) => parseRequest(Buffer.from(JSON.stringify(request)));
  const remove = { ...head, action: "remove", service: "web", volumes: [] };
  const pushing = { ...head, action: "push", service: "web", push };
  for (const [request, message] of [
    [{ ...remove, v: 2 }, "unknown version of the protocol, update mypaas on both sides"],
    [{ ...remove, action: "later" }, 'unknown action "later", update mypaas on the server'],
    [{ ...remove, dryRun: true }, "dryRun: not known here, update mypaas on the server"],
    [
      { ...pushing, push: { ...push, base: 3 } },
      "push.base: not known here, update mypaas on the server",
    ],
    [
      { ...pushing, push: { ...push, options: { ...options, platform: "arm64" } } },
      "push.options.platform: not known here, update mypaas on the server",
    ],
    [
      { ...pushing, push: { ...push, entries: [{ ...entry, owner: 5 }] } },
      "push.entries.owner: not known here, update mypaas on the server",
    ],
  ] as const)
    assert.throws(() => read(request), { message: `request: ${message}`, hint: server("") });
  // What says no is as good as nothing.
  assert.deepEqual(read({ ...remove, dryRun: false, later: null }), remove);
});

test("an event of a later kind is what its fallback says, and left out without one", () => {
  const read = (event: object) => readLoggedEvent(JSON.stringify({ offset: 3, at: 5, ...event }));
  const stopped = { kind: "stopped", service: "web", release: 4 };
  assert.deepEqual(read({ kind: "later", how: "stopped", fallback: stopped }), {
    offset: 3,
    event: { ...stopped, offset: 3, at: 5 },
  });
  assert.deepEqual(read({ ...stopped, fallback: { kind: "note", text: "x" } })?.event, {
    ...stopped,
    offset: 3,
    at: 5,
  });
  for (const fallback of [undefined, null, "x", { kind: "later" }, { kind: "note" }])
    assert.deepEqual(read({ kind: "later", fallback }), { offset: 3, event: undefined });
});

test("every job of the first actions ends with an event that the first laptops know, because they wait for it", () => {
  // A job that ends with "finished" has an action that the first laptops cannot ask for.
  const known = ["live", "unchanged", "stopped", "removed", "failed", "superseded", "finished"];
  const kinds = ["step", "note", "warning", "upload", "queued", "attached", "build", "output"];
  for (const kind of [...known, ...kinds, "ready", "receipt"]) {
    const event = { kind } as Parameters<typeof isOutcome>[0];
    assert.equal(isOutcome(event), known.includes(kind), kind);
  }
});
