// The first command in a fresh clone.
import { runInOwnNode } from "./own-node.mjs";

runInOwnNode("demo.ts", process.argv.slice(2));
