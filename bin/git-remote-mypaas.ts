#!/usr/bin/env node
import { remoteHelper } from "../src/cli/git/remote-helper.ts";
import { drained } from "./drained.ts";
import { realWorld } from "./world.ts";

// Git starts it for `git push REMOTE` where the remote is `mypaas::NAME`.
process.exitCode = await remoteHelper(realWorld(process));
await Promise.all([drained(process.stdout), drained(process.stderr)]);
process.exit();
