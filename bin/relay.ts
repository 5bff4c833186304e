import type { RelayOrder } from "../src/core/server/relay-container.ts";
import { runRelay } from "../src/relay/relay.ts";

// The program of the relay's container: one argument, no environment, no command line.
const interruption = new AbortController();
process.on("SIGTERM", () => interruption.abort());
process.on("SIGINT", () => interruption.abort());
const order = JSON.parse(process.argv[2] ?? "") as RelayOrder;
await runRelay(order, {
  interrupted: interruption.signal,
  writeLine: (text) => void process.stderr.write(`${text}\n`),
  dropRoot: () => {
    if (process.getuid?.() !== 0) return;
    process.setgroups?.([order.uid]);
    process.setgid?.(order.uid);
    process.setuid?.(order.uid);
  },
});
process.exit();
