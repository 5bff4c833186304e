// The first command in a fresh clone: plain JavaScript, because Node may be old and nothing is installed yet.
import { spawnSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const node = `${root}node_modules/.bin/node`;
const isInstalled =
  existsSync(node) &&
  statSync(`${root}node_modules/.package-lock.json`).mtimeMs >=
    statSync(`${root}package-lock.json`).mtimeMs;

if (!isInstalled) {
  console.log("installing the packages that mypaas is made of (npm ci) …");
  run("npm", ["ci", "--no-fund", "--no-audit", "--loglevel=error"]);
}
run(node, [`${root}scripts/demo.ts`, ...process.argv.slice(2)]);

function run(command, args) {
  const { status } = spawnSync(command, args, { cwd: root, stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}
