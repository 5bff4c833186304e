import { join } from "node:path";
import { realWorld } from "../../bin/world.ts";
import { runWorker } from "../../src/worker/worker.ts";

/** The real worker on a state directory, where no engine answers; says `ready` once its sockets do. */
const [stateDir = ""] = process.argv.slice(2);
await runWorker(realWorld(process), {
  stateDir,
  engineSocket: join(stateDir, "no-engine.sock"),
  onReady: () => void process.stdout.write("ready\n"),
});
