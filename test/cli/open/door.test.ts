import assert from "node:assert/strict";
import { test } from "node:test";
import type { PsSnapshot } from "../../../src/core/actions/watch.ts";
import { UserError } from "../../../src/core/errors.ts";
import { createDoor } from "../../../src/cli/open/door.ts";
import type { PageServer } from "../../../src/cli/open/page-server.ts";
import { createTickets } from "../../../src/cli/open/tickets.ts";

const secret = "s".repeat(43);
const host = "127.0.0.1:4000";
const snapshot: PsSnapshot = { kind: "services", at: 0, services: [] };

function open() {
  const begun: unknown[] = [];
  const bugs: unknown[] = [];
  const server: PageServer = {
    services: async () => snapshot,
    silentFor: () => silent,
    service: async (name) => {
      throw new UserError(`${name}: no such service on this server`, { code: "not-found" });
    },
    releases: async () => [],
    newestLines: async () => [],
    followLines: async function* () {},
    job: async () => {
      throw new Error("the server is on fire");
    },
    jobInfo: async () => undefined,
    jobSteps: async () => undefined,
    jobs: async () => [],
    metrics: async () => undefined,
    disk: async () => ({ at: 0, owners: [], total: 10, free: 5 }),
    certificates: async () => ({ certificates: [] }),
    doctor: async () => ({ checks: [], at: 0 }),
    lastChecks: () => undefined,
    soonExamine: () => undefined,
    begin: async (action) => {
      begun.push(action);
      return action.action === "stop" ? undefined : 12;
    },
    hinted: (failure) => failure,
    rest: () => undefined,
  };
  let time = 0;
  let silent = 0;
  const random = (bytes: number) => Buffer.alloc(bytes, 7);
  const tickets = createTickets({ random, now: () => time }, "services/web");
  const door = createDoor({
    server,
    secret,
    useTicket: tickets.use,
    host: () => host,
    look: { server: "prod", zone: "UTC", command: (...words) => words.join(" ") },
    now: () => 0,
    files: { "style.css": { type: "text/css", text: "a{}" } },
    onRequest: () => undefined,
    onBug: (error) => bugs.push(error),
  });
  const ask = async (path: string, more: RequestInit = {}) => {
    const request = new Request(`http://${host}${path}`, {
      ...more,
      headers: { host, ...(more.headers as Record<string, string> | undefined) },
    });
    const answer = await door(request);
    return { answer, status: answer.status, text: await answer.text() };
  };
  const post = (path: string, form: Record<string, string>, site = "same-origin") =>
    ask(path, {
      method: "POST",
      body: new URLSearchParams(form),
      headers: site === "" ? {} : { "sec-fetch-site": site },
    });
  return {
    ask,
    post,
    begun,
    bugs,
    tickets,
    wait: (ms: number) => (time += ms),
    fallSilent: () => (silent = 20_000),
  };
}

test("the page is at its secret path alone, and says nothing elsewhere", async () => {
  const { ask } = open();
  assert.equal((await ask(`/${secret}/`)).status, 200);
  for (const path of ["/", "/x/", `/${secret.slice(1)}/`, "/favicon.ico"]) {
    const { status, text } = await ask(path);
    assert.deepEqual([status, text], [404, "not found\n"], path);
  }
});

test("another name for the address is refused", async () => {
  const { ask } = open();
  for (const name of ["localhost:4000", "evil.example:4000", "127.0.0.1:4001", "127.0.0.1"]) {
    const { status, text } = await ask(`/${secret}/`, { headers: { host: name } });
    assert.deepEqual([status, text], [403, `host: this page is only at ${host}\n`], name);
  }
});

test("every answer carries a policy that allows nothing but its own files", async () => {
  const { ask } = open();
  for (const path of ["", "style.css", "jobs", "certificates", "disk", "nothing"]) {
    const { answer } = await ask(`/${secret}/${path}`);
    assert.match(
      answer.headers.get("content-security-policy") ?? "",
      /^default-src 'none'; script-src 'self';/,
    );
    assert.equal(answer.headers.get("cache-control"), "no-store");
    assert.equal(answer.headers.get("x-content-type-options"), "nosniff");
  }
});

test("a form begins its job and leads to its log", async () => {
  const { post, begun } = open();
  const of = `/${secret}/services/web`;
  for (const [path, form] of [
    ["restart", {}],
    ["scale", { replicas: "3" }],
    ["rollback", { release: "41" }],
    ["env", { name: "LOG", value: "debug" }],
  ] as const) {
    const { answer, status } = await post(`${of}/${path}`, form);
    assert.deepEqual([status, answer.headers.get("location")], [303, `/${secret}/jobs/12`], path);
  }
  assert.deepEqual(begun, [
    { action: "restart", service: "web" },
    { action: "scale", service: "web", replicas: 3 },
    { action: "rollback", service: "web", release: 41 },
    {
      action: "env.set",
      service: "web",
      set: { LOG: "debug" },
    },
  ]);
  const stop = await post(`${of}/stop`, {});
  assert.equal(stop.answer.headers.get("location"), of);
  const cancel = await post(`/${secret}/jobs/12/cancel`, {});
  assert.deepEqual([cancel.status, begun.at(-1)], [303, { action: "cancel", job: 12 }]);
});

test("a form that another site sends begins nothing", async () => {
  const { post, ask, begun } = open();
  for (const site of ["cross-site", "same-site", "none", ""]) {
    const { status, text } = await post(`/${secret}/services/web/stop`, {}, site);
    assert.deepEqual([status, text], [403, "form: not sent by this page\n"], site);
  }
  assert.equal((await ask(`/${secret}/services/web/stop`)).status, 404);
  assert.equal((await ask(`/${secret}/`, { method: "PUT", body: "x" })).status, 403);
  assert.deepEqual(begun, []);
});

test("a form with a bad value says which, and begins nothing", async () => {
  const { post, begun } = open();
  for (const [path, form, said] of [
    ["scale", { replicas: "many" }, "Replicas: should be a whole number from 1 to"],
    ["rollback", {}, "Release: should be a whole number from 1 to"],
    ["env", { name: "a b" }, "Name: should be letters, digits and _, got &quot;a b&quot;"],
  ] as const) {
    const { status, text } = await post(`/${secret}/services/web/${path}`, form);
    assert.equal(status, 400);
    assert.ok(text.includes(said), text);
  }
  assert.equal((await post(`/${secret}/services/web/explode`, {})).status, 404);
  const long = { name: "A", value: "x".repeat(300_000) };
  const { status, text } = await post(`/${secret}/services/web/env`, long);
  assert.equal(status, 400);
  assert.ok(text.includes("Form: at most 262 kB"), text);
  assert.deepEqual(begun, []);
});

test("what the server refuses is a page; a bug says where to look", async () => {
  const { ask, bugs } = open();
  const missing = await ask(`/${secret}/services/wob`);
  assert.equal(missing.status, 404);
  assert.ok(missing.text.includes("Wob: no such service on this server"), missing.text);
  const bug = await ask(`/${secret}/jobs/3`);
  assert.deepEqual([bug.status, bugs.length], [500, 1]);
  assert.ok(!bug.text.includes("fire"));
  assert.equal((await ask(`/${secret}/jobs/x`)).status, 404);
});

test("while the server does not answer the page says how old it is", async () => {
  const { ask, fallSilent } = open();
  const says = async () => (await ask(`/${secret}/`)).text.includes("has not answered for 20 s");
  assert.equal(await says(), false);
  fallSilent();
  assert.equal(await says(), true);
});

test("a ticket opens the page once, and not after two minutes", async () => {
  const { ask, tickets, wait } = open();
  const ticket = tickets.make();
  const first = await ask(`/open/${ticket}`);
  assert.deepEqual(
    [first.status, first.answer.headers.get("location")],
    [303, `/${secret}/services/web`],
  );
  assert.equal((await ask(`/open/${ticket}`)).status, 404);
  tickets.make();
  wait(120_001);
  const { status, text } = await ask(`/open/${ticket}`);
  assert.equal(status, 404);
  assert.match(text, /^this link was used or is too old/);
});
