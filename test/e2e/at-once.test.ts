import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { startServer, type TestServer } from "../support/mypaas-e2e.ts";
import { eventOf } from "../support/said-e2e.ts";
import { makeSource, slowStep } from "../support/source-e2e.ts";

let server: TestServer;

before(async () => {
  server = await startServer("t-e2ea-once");
});
after(() => server?.remove());

/** Each test has services of its own, so that two share the machine and the waiting; more would fill the queue of the worker, which runs four jobs at a time. */
suite("pushes at once", { concurrency: 2 }, () => {
  const keys = ["scale = 1"];
  const jobsOf = (service: string) =>
    server.query("SELECT id, state FROM jobs WHERE service = ? ORDER BY id", service);

  test("two different pushes of one service at once both go live, one after the other", async () => {
    const [one, two] = [
      await makeSource(server, "web", { keys }),
      await makeSource(server, "web", { keys }),
    ];
    await one.write("page.txt", "one");
    await two.write("page.txt", "two");
    const said = await Promise.all([server.push(one), server.push(two)]);
    await server.settled("web");
    const jobs = said.map((each) => eventOf(each, "queued").job);
    const releases = said.map((each) => eventOf(each, "live").release);
    console.log(`jobs ${jobs.join(" and ")} made releases ${releases.join(" and ")}`);
    assert.deepEqual(
      said.map(({ code }) => code),
      [0, 0],
    );
    const order = jobs.map((job) => jobs.toSorted((a, b) => a - b).indexOf(job));
    assert.deepEqual(
      releases,
      order.map((place) => place + 1),
    );
    assert.deepEqual(
      said.map((each) => eventOf(each, "queued").behind),
      order,
    );
    const last = order[0] === 1 ? "one" : "two";
    assert.deepEqual(await server.get("web.example.test"), {
      status: 200,
      release: "web/2",
      body: last,
    });
  });

  test("the same push twice at once is one job, and both that wait for it see it go live", async () => {
    const twin = await makeSource(server, "twin", { build: [slowStep(500)] });
    const said = await Promise.all([server.push(twin), server.push(twin)]);
    await server.settled("twin");
    const attached = said.filter((each) => each.events.some(({ kind }) => kind === "attached"));
    const jobs = jobsOf("twin");
    console.log(`2 pushes, ${jobs.length} job, ${attached.length} attached`);
    assert.deepEqual(
      said.map(({ code }) => code),
      [0, 0],
    );
    assert.deepEqual(
      said.map((each) => eventOf(each, "live").release),
      [1, 1],
    );
    assert.deepEqual([jobs.map(({ state }) => state), attached.length], [["done"], 1]);
  });

  test("pushes of two services run side by side", async () => {
    const sources = [
      await makeSource(server, "left", { build: [slowStep(2000)] }),
      await makeSource(server, "right", { build: [slowStep(2001)] }),
    ];
    const said = await Promise.all(sources.map((source) => server.push(source)));
    for (const { service } of sources) await server.settled(service);
    assert.deepEqual(
      said.map(({ code }) => code),
      [0, 0],
    );
    const spans = server.query(
      `SELECT min(at) AS began, max(at) AS ended FROM job_log JOIN jobs ON jobs.id = job_log.job
     WHERE service IN ('left', 'right') GROUP BY job ORDER BY began`,
    );
    const [first, second] = spans.map(({ began, ended }) => ({
      began: Number(began),
      ended: Number(ended),
    }));
    const shared = (first?.ended ?? 0) - (second?.began ?? 0);
    console.log(`ran side by side for ${shared} ms`);
    assert.ok(shared > 0, "one began after the other had ended");
    for (const { host } of sources) assert.equal((await server.get(host)).status, 200);
  });

  test("of three pushes in a row the one in the middle that never began is superseded", async () => {
    const source = await makeSource(server, "trio", { keys, build: [slowStep(6000)] });
    const first = server.startPush(source);
    await first.saw(({ kind }) => kind === "build");
    await source.write("page.txt", "middle");
    const middle = server.startPush(source);
    await middle.saw(({ kind }) => kind === "queued");
    await source.write("page.txt", "last");
    const last = server.startPush(source);
    const said = await Promise.all([first.done, middle.done, last.done]);
    await server.settled("trio");
    assert.deepEqual(
      said.map(({ code }) => code),
      [0, 1, 0],
    );
    assert.deepEqual(
      jobsOf("trio").map(({ state }) => state),
      ["done", "superseded", "done"],
    );
    assert.equal((await server.get(source.host)).body, "last");
  });
});
