import { spawn } from "node:child_process";
import { dirname, join } from "node:path";
import { installPackages } from "./machine/packages.ts";
import { has } from "./machine/run.ts";

/** Checks types, lint and format beside the unit tests, which run in two parts. Prints each part at its end; fails when one has failed. */
const root = dirname(import.meta.dirname);
const tool = (name: string): string => join(root, "node_modules", ".bin", name);
const parts = 2;
const unit = (part: number): readonly string[] => [
  process.execPath,
  join(root, "scripts", "unit-tests.ts"),
  `${part}/${parts}`,
];

if (!(await has("ssh-keygen")))
  await installPackages(["openssh-client"], "signs in the unit tests");
/** Compiled code is kept, because both processes load the same files. */
const env = { NODE_COMPILE_CACHE: join(root, "node_modules", ".cache", "check"), ...process.env };
const begun = Date.now();
const results = await Promise.all([
  part("types, lint, format", [
    [tool("oxlint"), "--type-aware", "--type-check", "--deny-warnings"],
    [tool("oxfmt"), "--check"],
  ]),
  ...Array.from({ length: parts }, (_, index) => index + 1).map((number) =>
    part(`unit tests, part ${number} of ${parts}`, [unit(number)]),
  ),
]);
console.log(`check: ${Math.round((Date.now() - begun) / 1000)} s`);
if (results.includes(false)) process.exitCode = 1;

/** Runs commands one after another until one fails; false when one did. */
async function part(name: string, commands: readonly (readonly string[])[]): Promise<boolean> {
  let output = "";
  let isGood = true;
  for (const command of commands) {
    const ran = await run(command);
    output += ran.output;
    isGood = ran.code === 0;
    if (!isGood) break;
  }
  console.log(`${output}${name}: ${isGood ? "ok" : "failed"}\n`);
  return isGood;
}

function run([program = "", ...args]: readonly string[]) {
  return new Promise<{ readonly code: number; readonly output: string }>((resolve) => {
    const child = spawn(program, args, { cwd: root, env, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    const add = (chunk: Buffer) => {
      output += chunk.toString();
    };
    child.stdout.on("data", add);
    child.stderr.on("data", add);
    child.on("error", (error) => resolve({ code: 127, output: `${output}${error.message}\n` }));
    child.on("close", (code) => resolve({ code: code ?? 1, output }));
  });
}
