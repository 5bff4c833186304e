#!/usr/bin/env node
import { main } from "../src/cli/main.ts";
import { drained } from "./drained.ts";
import { realWorld } from "./world.ts";

const world = realWorld(process);
process.exitCode = await main(world, {
  worker: async ({ stateDir }) => {
    const { runWorker } = await import("../src/worker/worker.ts");
    const { notifyReady } = await import("../src/adapters/host/systemd.ts");
    await runWorker(world, { stateDir, onReady: () => void notifyReady(world.env) });
  },
});
await Promise.all([drained(process.stdout), drained(process.stderr)]);
// An open connection must not keep a finished command alive.
process.exit();
