// npm runs this after each install in a clone; only `npm install -g .` needs what the package ships.
import { runInOwnNode } from "./own-node.mjs";

if (process.env.npm_config_global === "true") runInOwnNode("build.ts");
