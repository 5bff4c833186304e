import type { TestServer } from "./mypaas-e2e.ts";
import { makeSource, type Source } from "./source-e2e.ts";

/** What a service counted that calls another one by its name. */
export interface Calls {
  readonly sent: number;
  readonly answered: number;
  readonly failed: number;
  /** What went wrong → how often. */
  readonly reasons: Readonly<Record<string, number>>;
  /** The body of the answer → how often. */
  readonly by: Readonly<Record<string, number>>;
  /** Milliseconds from the first to the last failure; 0 when there is none. */
  readonly span: number;
}

/** Calls that each open a connection, and calls that share some. */
export interface Counted {
  readonly fresh: Calls;
  readonly kept: Calls;
}

/** Calls the target 100 times a second on new connections and 20 times on kept ones, and leaves calls out while it has no processor; tells what it counted, and begins anew at `/reset`. */
const app = `
const http = require("node:http");
process.on("SIGTERM", () => process.exit(143));
const none = () => ({ sent: 0, answered: 0, failed: 0, reasons: {}, by: {}, first: 0, last: 0 });
let counts = { fresh: none(), kept: none() };
const agent = new http.Agent({ keepAlive: true, maxSockets: 4 });
function call(tally, more) {
  tally.sent += 1;
  const failed = (error) => {
    tally.failed += 1;
    const reason = error.code ?? error.message;
    tally.reasons[reason] = (tally.reasons[reason] ?? 0) + 1;
    tally.first ||= Date.now();
    tally.last = Date.now();
  };
  const asked = http.get(process.env.TARGET, { timeout: 8000, ...more }, (response) => {
    let body = "";
    response.setEncoding("utf8").on("data", (text) => (body += text)).on("error", failed);
    response.on("end", () => {
      tally.answered += 1;
      tally.by[body] = (tally.by[body] ?? 0) + 1;
    });
  });
  asked.on("error", failed).on("timeout", () => asked.destroy(new Error("no answer in 8 s")));
}
let turns = 0;
let due = Date.now();
setInterval(() => {
  if (Date.now() < due) return;
  due = Math.max(due + 10, Date.now() - 10);
  call(counts.fresh, { agent: false });
  if (turns % 5 === 0) call(counts.kept, { agent });
  turns += 1;
}, 5);
const told = ({ first, last, ...tally }) => ({ ...tally, span: last - first });
http.createServer((req, res) => {
  if (req.url === "/reset") counts = { fresh: none(), kept: none() };
  res.end(JSON.stringify({ fresh: told(counts.fresh), kept: told(counts.kept) }));
}).listen(Number(process.env.PORT));
`;

/** The source of a service that calls another one by its name all the time. */
export function makeCaller(server: TestServer, service: string, target: string): Promise<Source> {
  const keys = ["scale = 1", `env = TARGET=${target}`];
  return makeSource(server, service, { keys, files: { "server.js": app } });
}

/** What it has counted since the last `reset`. */
export async function countedBy(
  server: TestServer,
  caller: Source,
  path: "/" | "/reset" = "/",
): Promise<Counted> {
  return JSON.parse((await server.get(caller.host, path)).body) as Counted;
}
