// Plain JavaScript, because Node may be old and nothing is installed yet in a fresh clone.
import { spawnSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const node = `${root}node_modules/.bin/node`;

/** Runs a script of this folder on the Node that the packages bring, after installing them where they are missing or old; ends the process when it fails. */
export function runInOwnNode(script, args = []) {
  if (!isInstalled()) {
    console.log("installing the packages that mypaas is made of (npm ci) …");
    // Inside `npm install -g` npm would take this for a global install as well.
    run("npm", ["ci", "--no-global", "--no-fund", "--no-audit", "--loglevel=error"]);
  }
  run(node, [`${root}scripts/${script}`, ...args]);
}

function isInstalled() {
  return (
    existsSync(node) &&
    statSync(`${root}node_modules/.package-lock.json`).mtimeMs >=
      statSync(`${root}package-lock.json`).mtimeMs
  );
}

function run(command, args) {
  const { status } = spawnSync(command, args, { cwd: root, stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}
