import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { rememberServices } from "../../src/adapters/laptop/known-services.ts";
import { changeRemotes } from "../../src/adapters/laptop/remotes.ts";
import { completionScripts } from "../../src/cli/completion/scripts.ts";

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

test("fish offers the same", () => {
  const run = (typed: readonly string[]) => {
    const line = ["mypaas", ...typed].join(" ");
    const out = inShell("fish", ["-N", "-c", `source ${home}/script.fish; complete -C "${line}"`]);
    return out.split("\n").flatMap((one) => (one === "" ? [] : [one.split("\t")[0]]));
  };
  for (const [typed, offered] of inShells) assert.deepEqual(run(typed), offered);
  assert.deepEqual(run(["check", "D"]), ["Dockerfile"]);
});

test("zsh offers the same", () => {
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
