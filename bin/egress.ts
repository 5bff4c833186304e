import { promises as dns } from "node:dns";
import type { EgressOrder } from "../src/core/server/egress-container.ts";
import { runEgress } from "../src/egress/egress.ts";

// The program of the egress proxy's container: one argument, no environment, no command line.
const interruption = new AbortController();
process.on("SIGTERM", () => interruption.abort());
process.on("SIGINT", () => interruption.abort());
const order = JSON.parse(process.argv[2] ?? "") as EgressOrder;
const resolver = new dns.Resolver({ timeout: 3_000, tries: 2 });
if (order.resolvers) resolver.setServers(order.resolvers);
await runEgress(order, {
  interrupted: interruption.signal,
  writeLine: (text) => void process.stderr.write(`${text}\n`),
  // Not by the system's resolver: the image has none, and names of a hosts file are no public ones.
  resolve: async (host) => {
    const answers = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)]);
    return answers.flatMap((one) => (one.status === "fulfilled" ? one.value : []));
  },
});
process.exit();
