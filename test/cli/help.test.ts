import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { test } from "node:test";
import { CommanderError, type Command } from "commander";
import { firstSteps } from "../../src/cli/run-program.ts";
import { makeProgram } from "../../src/cli/command-builder.ts";
import { commands, remoteHelp } from "../../src/cli/commands.ts";
import { fakeWorld } from "../support/world.ts";

/** The program with the file of one command, or with all; bodies do nothing. */
async function parts(name?: string) {
  const world = fakeWorld();
  const bodies: string[] = [];
  const { root, load } = makeProgram(world, { worker: async () => {} }, async () => {
    bodies.push("ran");
  });
  await Promise.all((name === undefined ? Object.keys(commands) : [name]).map(load));
  return { world, program: root, bodies };
}

const pathOf = (command: Command): string =>
  command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;

/** Every command that people may type, families before their members. */
function all(program: Command): readonly Command[] {
  const visible = program.createHelp().visibleCommands(program);
  return visible.flatMap((command) => [command, ...all(command)]);
}

async function helpOf(command: Command): Promise<string> {
  const words = pathOf(command).split(" ").slice(1);
  const { world, program } = await parts(words[0]);
  let found = program;
  for (const word of words)
    found = found.commands.find((one) => one.name() === word) ?? assert.fail(word);
  found.outputHelp();
  return world.out();
}

/** Commands of mypaas in a line of a shell, word by word. */
function commandsIn(line: string): readonly (readonly string[])[] {
  const words = [...line.matchAll(/'[^']*'|<\(|[<>|)]|[^\s'<>|)]+/g)].map(([word]) => word);
  const found: string[][] = [];
  let current: string[] | undefined;
  for (const word of words) {
    if (word === "mypaas") found.push((current = []));
    else if (["<", ">", "|", "<(", ")"].includes(word)) current = undefined;
    else current?.push(word.replaceAll("'", ""));
  }
  return found;
}

test("a line of a shell is taken apart into the commands of mypaas in it", () => {
  assert.deepEqual(commandsIn("sudo mypaas init"), [["init"]]);
  assert.deepEqual(commandsIn("cat x | mypaas key add - > out"), [["key", "add", "-"]]);
  assert.deepEqual(commandsIn("source <(mypaas completion bash)"), [["completion", "bash"]]);
  assert.deepEqual(commandsIn("mypaas remote add a 'x y'"), [["remote", "add", "a", "x y"]]);
});

const { program: whole } = await parts();

for (const command of all(whole)) {
  const path = pathOf(command);
  test(`the help of ${path} has two examples, which can be typed like that`, async () => {
    const examples = ((await helpOf(command)).split("\nExamples:\n")[1] ?? "").trim().split("\n");
    assert.ok(examples.length >= 2, `${path} has ${examples.length} examples`);
    for (const line of examples) {
      // oxlint-disable-next-line no-await-in-loop
      const { program, bodies } = await parts(path.split(" ")[1]);
      const commands = commandsIn(line);
      assert.equal(commands.length, 1, line);
      const [words = []] = commands;
      assert.equal(`mypaas ${words.join(" ")} `.startsWith(`${path} `), true, line);
      // oxlint-disable-next-line no-await-in-loop
      await program.parseAsync(words, { from: "user" }).catch((error: unknown) => {
        throw error instanceof CommanderError ? new Error(`${line}: ${error.message}`) : error;
      });
      assert.deepEqual(bodies, ["ran"], line);
    }
  });

  test(`the help of ${path} fits 80 columns and says what it is for without a full stop`, async () => {
    const lines = (await helpOf(command)).split("\n");
    for (const line of lines.slice(0, lines.indexOf("Examples:")))
      assert.ok(line.length <= 80, line);
    assert.match(command.description(), /^[a-z].*[^.]$/);
    for (const { description, long } of command.options.filter((one) => !one.hidden))
      assert.match(description, /[^.]$/, `${path} ${long}`);
  });
}

test("every command can be asked for JSON and to be quiet", () => {
  for (const command of all(whole))
    for (const flag of ["--json", "--quiet"])
      assert.ok(
        command.options.some(({ long }) => long === flag),
        `${pathOf(command)} ${flag}`,
      );
});

test("mypaas alone shows five commands, all of which exist", () => {
  const names = all(whole).map(pathOf);
  const shown = [...firstSteps.matchAll(/^ {2}(?:sudo )?(mypaas [a-z ]+[a-z])/gm)];
  assert.equal(shown.length, 5);
  for (const [, words = ""] of shown) {
    const found = names.some((name) => words === name || words.startsWith(`${name} `));
    assert.ok(found, words);
  }
  for (const line of firstSteps.split("\n")) assert.ok(line.length <= 80, line);
});

test("each file below commands/ is a command of that name, and each command has one", () => {
  const files = readdirSync("src/cli/commands").map((file) => file.replace(/\.ts$/, ""));
  assert.deepEqual(files.toSorted(), Object.keys(commands).toSorted());
});

test("the commands that talk to a server are those that take its name", () => {
  const takesRemote = (command: Command): boolean =>
    command.options.some(({ long }) => long === "--remote") || command.commands.some(takesRemote);
  for (const name of Object.keys(commands)) {
    const command = whole.commands.find((one) => one.name() === name);
    assert.equal(
      command !== undefined && takesRemote(command),
      remoteHelp(name) !== undefined,
      name,
    );
  }
});

test("the names of all commands are known without the file of any", async () => {
  const { root } = makeProgram(fakeWorld(), { worker: async () => {} }, async () => {});
  assert.equal(root.helpInformation(), whole.helpInformation());
});
