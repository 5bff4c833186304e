import assert from "node:assert/strict";
import { test } from "node:test";
import { complete, type Names } from "../../../src/cli/completion/complete.ts";
import { completionScripts } from "../../../src/cli/completion/scripts.ts";
import { main } from "../../../src/cli/main.ts";
import { makeProgram } from "../../../src/cli/command-builder.ts";
import { fakeWorld } from "../../support/world.ts";

const program = makeProgram(fakeWorld(), { worker: async () => {} }, async () => {});
const names: Names = {
  remotes: ["prod", "staging"],
  services: async (remote) => (remote === undefined ? ["blog", "web"] : [`of-${remote}`]),
};

/** What is typed, with the cursor at its end → what is offered; `…` stands for more. */
const cases: readonly [typed: string, offered: string][] = [
  ["pus", "push"],
  ["wor", ""],
  ["compl", "completion"],
  ["remote ", "add list show default rename remove"],
  ["remote show ", "prod staging"],
  ["remote rename prod ", ""],
  ["push ", "prod staging + files"],
  ["push prod ", "+ files"],
  ["push -r ", "prod staging"],
  ["push -r st", "staging"],
  ["push --take-from ", "blog web"],
  ["push -r prod --take-from ", "of-prod"],
  ["push --remote = prod --take-from ", "of-prod"],
  ["push --key ", "+ files"],
  ["push --context ", "+ folders"],
  ["push --cont", "--context"],
  ["rollback ", "blog web"],
  ["rollback w", "web"],
  ["rollback -r prod ", "of-prod"],
  ["rollback web -r prod ", ""],
  ["--json rollback --quiet ", "blog web"],
  ["check ", "+ files"],
  ["check -r ", "prod staging"],
  ["cert ", "list add remove retry"],
  ["cert -r prod re", "remove retry"],
  ["cert -r ", "prod staging"],
  ["cert list -r st", "staging"],
  ["cert add ", ""],
  ["cert add a.test ", "+ files"],
  ["cert add a.test cert.pem ", "+ files"],
  ["cert add a.test cert.pem key.pem ", ""],
  ["completion ", "bash zsh fish"],
  ["completion b", "bash"],
  ["help rem", "remove remote"],
  ["key remove ", ""],
];

for (const [typed, offered] of cases)
  test(`mypaas ${typed}TAB offers: ${offered}`, async () => {
    const { words, files } = await complete(program, typed.split(" "), names);
    const shown = [...words.map(({ value }) => value), ...(files ? ["+", files] : [])];
    assert.equal(shown.join(" "), offered);
  });

test("every command that people may type is offered, and none that is hidden", async () => {
  const { words } = await complete(program, [""], names);
  const visible = program.root.createHelp().visibleCommands(program.root);
  assert.deepEqual(
    words.map(({ value }) => value),
    visible.map((command) => command.name()),
  );
  for (const hidden of ["worker", "complete"])
    assert.ok(!words.some(({ value }) => value === hidden));
});

test("every option of every command is offered", async () => {
  for (const command of program.root.commands) {
    // oxlint-disable-next-line no-await-in-loop
    const { words } = await complete(program, [command.name(), "--"], names);
    const offered = words.map(({ value }) => value);
    if (["worker", "complete"].includes(command.name())) continue;
    for (const { long, hidden } of command.options)
      assert.equal(offered.includes(long ?? ""), !hidden, long);
  }
});

test("completion prints the script of each shell, and no other shell has one", async () => {
  for (const [shell, script] of Object.entries(completionScripts)) {
    const world = fakeWorld({ args: ["completion", shell] });
    // oxlint-disable-next-line no-await-in-loop
    assert.equal(await main(world, { worker: async () => {} }), 0);
    assert.equal(world.out(), script);
  }
  const world = fakeWorld({ args: ["completion", "tcsh"] });
  assert.equal(await main(world, { worker: async () => {} }), 2);
});
