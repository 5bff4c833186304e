import { runReceiver } from "../src/receiver/receiver.ts";

// The program of the receiver's container: no arguments, no environment, no command line.
const interruption = new AbortController();
process.on("SIGTERM", () => interruption.abort());
process.on("SIGINT", () => interruption.abort());
await runReceiver({
  now: Date.now,
  interrupted: interruption.signal,
  stderr: { write: (text) => void process.stderr.write(text), isTTY: false, columns: 80 },
});
process.exit();
