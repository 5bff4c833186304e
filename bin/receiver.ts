import { pageArgument } from "../src/core/server/page-container.ts";
import { servePage } from "../src/receiver/page-server.ts";
import { runReceiver } from "../src/receiver/receiver.ts";

// The program of the receiver's container: no environment, no command line. With one argument it is that of the page.
const interruption = new AbortController();
process.on("SIGTERM", () => interruption.abort());
process.on("SIGINT", () => interruption.abort());
if (process.argv[2] === pageArgument) await servePage({ interrupted: interruption.signal });
else
  await runReceiver({
    now: Date.now,
    interrupted: interruption.signal,
    stderr: { write: (text) => void process.stderr.write(text), isTTY: false, columns: 80 },
  });
process.exit();
