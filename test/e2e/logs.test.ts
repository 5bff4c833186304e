import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { startLineProxy } from "../support/line-proxy.ts";
import { startServer, type TestServer } from "../support/mypaas-e2e.ts";
import { makeSource, type Source } from "../support/source-e2e.ts";

/** Prints numbered lines 200 times a second, every tenth on stderr, the last one at SIGTERM. */
const app = `
let count = 0;
if (process.env.TOKEN) console.log("the token is " + process.env.TOKEN);
const print = (word) => {
  count += 1;
  const line = word + " " + count + " " + (performance.timeOrigin + performance.now()).toFixed(2);
  (count % 10 === 0 ? process.stderr : process.stdout).write(line + "\\n");
};
const begun = performance.now();
setInterval(() => {
  while (count < (performance.now() - begun) / 5) print("n");
}, 5);
process.on("SIGTERM", () => { print("bye"); process.exit(0); });
require("node:http").createServer((req, res) => res.end("hello")).listen(Number(process.env.PORT));
`;

let server: TestServer;
let web: Source;
let line: Awaited<ReturnType<typeof startLineProxy>>;

before(async () => {
  server = await startServer("t-e2elogs-logs");
  web = await makeSource(server, "web", { keys: ["scale = 2"], files: { "server.js": app } });
  line = await startLineProxy(server.instance.httpsPort);
  const address = server.line.replace(`:${server.instance.httpsPort}`, `:${line.port}`);
  assert.notEqual(address, server.line);
  await server.must(["remote", "add", "thin", address]);
  await server.mustPush(web);
});
after(async () => {
  line?.stop();
  await server?.remove();
});

interface Printed {
  readonly release: number;
  readonly replica: number;
  readonly stream: string;
  readonly at: string;
  readonly text: string;
}

/** `mypaas logs web -f --json` over the thin line, with the time at which each line came. */
function follow(args: readonly string[]) {
  const { program, node, env } = server.instance;
  const command = [program, "logs", "web", "-f", "--json", ...args];
  const child = spawn(node, command, { env });
  const lines: (Printed & { readonly came: number })[] = [];
  let rest = "";
  let err = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (err += text));
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    const came = performance.timeOrigin + performance.now();
    const parts = (rest + text).split("\n");
    rest = parts.pop() ?? "";
    for (const part of parts) {
      const value = JSON.parse(part) as Printed & { readonly kind?: string };
      if (value.kind === undefined) lines.push({ ...value, came });
    }
  });
  const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
  return { child, lines, ended, err: () => err };
}

const percentile = (sorted: readonly number[], part: number): string =>
  (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0).toFixed(1);

/** Each replica's lines must count from 1 without a gap, in this order, and end with its last word where it has ended. */
function judge(lines: readonly (Printed & { readonly came: number })[], live: number) {
  const byReplica = new Map<string, (Printed & { readonly came: number })[]>();
  for (const one of lines.filter(({ text }) => /^(n|bye) /.test(text))) {
    const key = `${one.release}.${one.replica}`;
    byReplica.set(key, [...(byReplica.get(key) ?? []), one]);
  }
  let lost = 0;
  let again = 0;
  const open: string[] = [];
  for (const [key, own] of byReplica) {
    for (const stream of ["stdout", "stderr"]) {
      const numbers = own
        .filter((one) => one.stream === stream)
        .map(({ text }) => Number(text.split(" ")[1]));
      again += numbers.length - new Set(numbers).size;
      if (numbers.some((number, index) => index > 0 && number < (numbers[index - 1] ?? 0)))
        assert.fail(`${key} ${stream}: out of order`);
    }
    const numbers = own.map(({ text }) => Number(text.split(" ")[1]));
    const last = Math.max(...numbers);
    lost += last - new Set(numbers).size;
    if (!own.some(({ text }) => text.startsWith("bye"))) open.push(key);
  }
  assert.ok(
    open.every((key) => key.startsWith(`${live}.`)),
    `without their last line: ${open.join()}`,
  );
  return { replicas: byReplica.size, lost, again };
}

function timesOf(lines: ReturnType<typeof follow>["lines"]): string {
  const delays = lines
    .filter(({ text }) => /^(n|bye) /.test(text))
    .map(({ came, text }) => came - Number(text.split(" ")[2]))
    .toSorted((a, b) => a - b);
  const parts = [0.5, 0.99, 1].map((part) => percentile(delays, part));
  return `from print to terminal p50 ${parts[0]} ms, p99 ${parts[1]} ms, longest ${parts[2]} ms`;
}

test("logs are followed across five deploys and three cut lines, each line once and in order", async () => {
  const { child, lines, ended, err } = follow(["-n", "all", "-r", "thin"]);
  await sleep(1500);
  const begun = Date.now();
  let cuts = 0;
  let live = 1;
  for (const page of ["2", "3", "4", "5", "6"]) {
    await web.write("page.txt", page);
    const running = server.startPush(web);
    if (page === "2" || page === "4") {
      await running.saw((event) => event.kind === "ready");
      await sleep(100);
      cuts += line.cut();
    }
    const said = await running.done;
    assert.equal(said.code, 0, said.out + said.err);
    live += 1;
    if (page === "5") {
      await sleep(50);
      cuts += line.cut();
    }
  }
  await server.settled("web");
  await sleep(1000);
  child.kill("SIGINT");
  assert.equal(await ended, 130, err());
  const { replicas, lost, again } = judge(lines, live);
  // What was there before is no news.
  const times = timesOf(lines.filter(({ at }) => Date.parse(at) > begun));
  console.log(
    `${lines.length} lines of ${replicas} replicas, 5 deploys, ${cuts} connections cut: ${lost} lost, ${again} repeated; ${times}`,
  );
  assert.equal(replicas, 12);
  assert.ok(cuts >= 3, `${cuts} cut`);
  assert.deepEqual({ lost, again }, { lost: 0, again: 0 });
});

test("a line needs a few milliseconds, and a worker that is killed loses and repeats none", async () => {
  const calm = follow(["-n", "0", "-r", "prod"]);
  await sleep(5000);
  calm.child.kill("SIGINT");
  await calm.ended;
  const first = calm.lines[0]?.came ?? 0;
  const later = calm.lines.filter(({ came }) => came > first + 1000);
  console.log(`${calm.lines.length} lines of two replicas in calm: ${timesOf(calm.lines)}`);
  console.log(`without its first second: ${timesOf(later)}`);
  assert.ok(calm.lines.length > 500);

  const { child, lines, ended, err } = follow(["-n", "all", "-r", "thin"]);
  await sleep(2000);
  await server.stopWorker("SIGKILL");
  await sleep(500);
  await server.startWorker();
  await sleep(4000);
  child.kill("SIGINT");
  assert.equal(await ended, 130, err());
  const { replicas, lost, again } = judge(lines, 6);
  console.log(
    `${lines.length} lines of ${replicas} replicas over a killed worker: ${lost} lost, ${again} repeated`,
  );
  assert.deepEqual({ replicas, lost, again }, { replicas: 2, lost: 0, again: 0 });
  assert.ok(Date.parse(lines.at(-1)?.at ?? "") > Date.now() - 2000);
});

test("a worker that is killed in the middle of a deploy still shows the last lines of what it replaced", async () => {
  const { child, lines, ended, err } = follow(["-n", "all", "-r", "thin"]);
  await sleep(1500);
  await web.write("page.txt", "7");
  const running = server.startPush(web);
  await running.saw((event) => event.kind === "live");
  await server.stopWorker("SIGKILL");
  await server.startWorker();
  await running.done;
  await server.settled("web");
  await sleep(1500);
  child.kill("SIGINT");
  assert.equal(await ended, 130, err());
  const { replicas, lost, again } = judge(lines, 7);
  console.log(
    `${lines.length} lines of ${replicas} replicas over a worker killed in a deploy: ${lost} lost, ${again} repeated`,
  );
  assert.deepEqual({ replicas, lost, again }, { replicas: 4, lost: 0, again: 0 });
});

test("logs can be narrowed, keep stdout and stderr apart, and hide values that were set on the server", async () => {
  const token = "a-secret-of-the-server";
  await server.must(["env", "web", "set", `TOKEN=${token}`, "-r", "prod"]);
  await server.settled("web");
  const ask = async (...args: string[]) => server.run(["logs", "web", ...args]);

  const few = await ask("-n", "6", "-r", "prod");
  assert.equal(few.code, 0, few.err);
  const shown = (few.out + few.err).trim().split("\n");
  assert.equal(shown.length, 6);
  for (const text of shown) assert.match(text, /^web\.[12]( r8)? \| n \d+ [\d.]+$/);
  console.log(shown.join("\n"));

  const one = await ask("--replica", "2", "--since", "2s");
  assert.match(one.out, /^(web\.2( r8)? \| (n \d+|the token) .*\n)+$/);
  assert.match(one.err, /^(web\.2( r8)? \| n \d*0 [\d.]+\n)+$/);

  const hidden = await ask("--grep", "token", "-r", "prod");
  assert.deepEqual(hidden.out.trim().split("\n").toSorted(), [
    "web.1 r8 | the token is ***",
    "web.2 r8 | the token is ***",
  ]);
  assert.doesNotMatch(hidden.out + hidden.err, /a-secret/);

  const gone = await ask("--release", "2", "-r", "prod");
  assert.equal(gone.code, 1);
  assert.match(
    gone.err,
    /^error: logs of web release 2: it has no container, and logs are removed with their container\nhint: /,
  );

  const job = await server.run(["logs", "web", "--job", "-r", "prod"]);
  assert.equal(job.code, 0, job.err);
  assert.match(job.out, /web release 8 is live after/);
  assert.match(
    (await server.run(["logs", "--job", "1", "-r", "prod"])).out,
    /web release 1 is live after/,
  );
  assert.match(
    (await server.run(["logs", "nosuch", "-r", "prod"])).err,
    /service nosuch: not known here/,
  );
});
