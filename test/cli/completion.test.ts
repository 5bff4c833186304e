import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test, type TestContext } from "node:test";
import { changeRemotes } from "../../src/adapters/laptop/remotes.ts";
import { rememberServices } from "../../src/adapters/laptop/known-services.ts";
import { complete, type Names } from "../../src/cli/completion.ts";
import { completionScripts } from "../../src/cli/completion-scripts.ts";
import { main } from "../../src/cli/main.ts";
import { makeProgram } from "../../src/cli/program.ts";
import { fakeWorld } from "../support/world.ts";

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
  const visible = program.createHelp().visibleCommands(program);
  assert.deepEqual(
    words.map(({ value }) => value),
    visible.map((command) => command.name()),
  );
  for (const hidden of ["worker", "complete"])
    assert.ok(!words.some(({ value }) => value === hidden));
});

test("every option of every command is offered", async () => {
  for (const command of program.commands) {
    // oxlint-disable-next-line no-await-in-loop
    const { words } = await complete(program, [command.name(), "--"], names);
    const offered = words.map(({ value }) => value);
    if (["worker", "complete"].includes(command.name())) continue;
    for (const { long } of command.options) assert.ok(offered.includes(long ?? ""), long);
  }
});

let home = "";
const folder = () => join(home, "files");
before(async () => {
  home = await mkdtemp(join(tmpdir(), "mypaas-completion-"));
  const entry = join(import.meta.dirname, "../../bin/mypaas.ts");
  await mkdir(join(folder(), "sub folder"), { recursive: true });
  await writeFile(join(folder(), "Dockerfile"), "");
  const script = `#!/bin/sh\nexec '${process.execPath}' '${entry}' "$@"\n`;
  await writeFile(join(home, "mypaas"), script);
  await chmod(join(home, "mypaas"), 0o755);
  for (const [name, text] of Object.entries(completionScripts))
    // oxlint-disable-next-line no-await-in-loop
    await writeFile(join(home, `script.${name}`), text);
  const place = { env: {}, home };
  const address = { origin: "https://a.example.com", server: "a".repeat(16), pin: undefined };
  await changeRemotes(place, () => [{ ...address, name: "prod", fingerprint: undefined }]);
  await rememberServices(place, "prod", () => ["blog", "web"]);
});
after(() => rm(home, { recursive: true }));

function inShell(shell: string, args: readonly string[]): string {
  const env = { PATH: `${home}:${process.env["PATH"] ?? ""}`, HOME: home };
  return execFileSync(shell, args, { env, cwd: folder(), encoding: "utf8" });
}

function has(shell: string, t: TestContext): boolean {
  try {
    execFileSync(shell, ["-c", "true"]);
    return true;
  } catch {
    t.skip(`${shell} is not on this machine`);
    return false;
  }
}

/** The same words in every shell: what is typed, and what the shell then offers. */
const inShells: readonly [typed: readonly string[], offered: readonly string[]][] = [
  [["remote", "sh"], ["show"]],
  [
    ["rollback", ""],
    ["blog", "web"],
  ],
  [["push", "-r", ""], ["prod"]],
];

test("bash offers what mypaas knows, and files and folders of its own", () => {
  const run = (typed: readonly string[]) => {
    const words = ["mypaas", ...typed].map((word) => `'${word}'`).join(" ");
    // Outside of a real TAB there is no compopt.
    const lines = [
      `compopt() { :; }`,
      `source '${home}/script.bash'`,
      `COMP_WORDS=(${words}) COMP_CWORD=${typed.length}`,
      `_mypaas`,
      `printf '%s\\n' "\${COMPREPLY[@]}"`,
    ];
    const out = inShell("bash", ["--norc", "-c", lines.join("\n")]);
    return out.split("\n").filter((line) => line !== "");
  };
  for (const [typed, offered] of inShells) assert.deepEqual(run(typed), offered);
  assert.deepEqual(run(["check", ""]).toSorted(), ["Dockerfile", "sub folder"]);
  assert.deepEqual(run(["push", "--context", "s"]), ["sub folder"]);
});

test("fish offers the same", (t) => {
  if (!has("fish", t)) return;
  const run = (typed: readonly string[]) => {
    const line = ["mypaas", ...typed].join(" ");
    const out = inShell("fish", ["-N", "-c", `source ${home}/script.fish; complete -C "${line}"`]);
    return out.split("\n").flatMap((one) => (one === "" ? [] : [one.split("\t")[0]]));
  };
  for (const [typed, offered] of inShells) assert.deepEqual(run(typed), offered);
  assert.deepEqual(run(["check", "D"]), ["Dockerfile"]);
});

test("zsh offers the same", (t) => {
  if (!has("zsh", t)) return;
  const run = (typed: readonly string[]) => {
    const words = ["mypaas", ...typed].map((word) => `'${word}'`).join(" ");
    const lines = [
      `compdef() { :; }`,
      `_describe() { print -l -- "\${described[@]}" }`,
      `_files() { print -l -- "files $*" }`,
      `source '${home}/script.zsh'`,
      `words=(${words}) CURRENT=${typed.length + 1}`,
      `_mypaas`,
    ];
    const out = inShell("zsh", ["-f", "-c", lines.join("\n")]);
    return out.split("\n").flatMap((line) => (line === "" ? [] : [line.split(":")[0]]));
  };
  for (const [typed, offered] of inShells) assert.deepEqual(run(typed), offered);
  assert.deepEqual(run(["check", ""]), ["files "]);
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
