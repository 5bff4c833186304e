import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { maintenance } from "../../../src/cli/commands/maintenance.ts";
import { runCommand } from "../../support/command.ts";
import { fakeWireServer } from "../../support/fake-wire-server.ts";

async function run(t: TestContext, words: readonly string[], result: object) {
  const fake = await fakeWireServer(t, { result: { service: "web", ...result } });
  const { runDir } = await fake.listenOnSocket();
  const ran = await runCommand({}, (io) => maintenance({ service: "web", words, runDir }, io));
  const { action, on, text } = ([...fake.requests.values()].at(-1) ?? {}) as Record<
    string,
    unknown
  >;
  const [answer] = ran.answers as readonly { readonly text: string }[];
  return { asked: [action, on, text], answer: answer?.text, said: ran.said, error: ran.error };
}

const cases: readonly (readonly [readonly string[], object, readonly unknown[], string])[] = [
  [
    ["on", "Back", "at 21:00"],
    { on: true, since: 0, text: "Back at 21:00" },
    ["maintenance.set", true, "Back at 21:00"],
    "web is in maintenance: every route answers 503: Back at 21:00",
  ],
  [
    ["on"],
    { on: true, since: 0, text: "" },
    ["maintenance.set", true, undefined],
    "web is in maintenance: every route answers 503",
  ],
  [["off"], { on: false }, ["maintenance.set", undefined, undefined], "web answers again"],
  [[], { on: false }, ["maintenance.show", undefined, undefined], "web is not in maintenance"],
];

for (const [words, result, asked, text] of cases)
  test(`mypaas maintenance web ${words.join(" ")}`, async (t) => {
    const ran = await run(t, words, result);
    assert.deepEqual([ran.asked, ran.answer], [asked, text]);
  });

test("a page that could not be made is a warning", async (t) => {
  const ran = await run(t, ["on"], { on: true, since: 0, text: "", trouble: "no image" });
  assert.match(JSON.stringify(ran.said), /visitors get 503 without a page: no image/);
});

test("other words are refused, with those that work", async (t) => {
  for (const words of [["of"], ["off", "now"], ["true"]]) {
    const { error } = await run(t, words, {});
    assert.equal(error?.message, `maintenance web: not understood: "${words[0]}"`);
    assert.equal(error?.hint, "say what to do: mypaas maintenance web on 'Back at 21:00'");
  }
});
