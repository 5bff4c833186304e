import assert from "node:assert/strict";
import { test } from "node:test";
import type { TestServer } from "./mypaas-e2e.ts";
import { makeSource, type SourceOptions } from "./source-e2e.ts";

/** How a push by some way ended, and all that it printed. */
export interface Pushed {
  readonly code: number;
  readonly output: string;
}

/** One way in, as the contract uses it. */
export interface Way {
  /** Such as `git push`, for titles. */
  readonly name: string;
  readonly server: () => TestServer;
  /** A service that does not exist before; it answers at `<service>.example.test`. */
  readonly service: string;
  /** Brings the files of a folder in, as a person would, and waits for the end. The folder has a Dockerfile, `server.js` and `page.txt`. */
  readonly push: (folder: string) => Promise<Pushed>;
  /** The same by somebody who may not push this service. */
  readonly pushWithoutRight: (folder: string) => Promise<Pushed>;
  /** False where a finished image comes in. */
  readonly builds: boolean;
}

/** What holds for every way in; each test prints what it counted. Its settings stand in the Dockerfile twice, as comments and as labels. */
export function testWay({ name, server, service, push, pushWithoutRight, builds }: Way): void {
  const host = `${service}.example.test`;
  const settings = [`servicename = ${service}`, `domain = ${host}`, "port = 3000"];
  const folderOf = async (
    page: string,
    { keys = [], build = [], files = {} }: SourceOptions = {},
  ) => {
    const labels = [...settings, ...keys].map((key) => `LABEL mypaas.${key.replace(" = ", "=")}`);
    const more = { keys, build: [...labels, ...build], files: { "page.txt": page, ...files } };
    return (await makeSource(server(), service, more)).folder;
  };
  const releases = () =>
    server().query("SELECT number FROM releases WHERE service = ? AND state != 'failed'", service)
      .length;
  const served = async () => (await server().get(host)).body;
  const refused = async (ran: Pushed, said: RegExp) => {
    assert.notEqual(ran.code, 0, ran.output);
    assert.match(ran.output, said);
    assert.deepEqual([await served(), releases()], ["first", 1]);
  };

  test(`${name}: a good push makes a service, and its page answers`, async () => {
    const ran = await push(await folderOf("first"));
    console.log(`${name}: exit code ${ran.code}, ${releases()} release`);
    assert.equal(ran.code, 0, ran.output);
    await server().settled(service);
    assert.deepEqual(await server().get(host), {
      status: 200,
      release: `${service}/1`,
      body: "first",
    });
  });

  test(`${name}: a wrong setting is refused in words, and nothing changes`, async () => {
    await refused(await push(await folderOf("wrong", { keys: ["prot = 80"] })), /mypaas\.prot/);
  });

  if (builds)
    test(`${name}: a build that fails says its step, and nothing changes`, async () => {
      const build = [`RUN ["node", "-e", "console.log('out of luck'); process.exit(7)"]`];
      await refused(await push(await folderOf("broken", { build })), /out of luck/);
    });

  test(`${name}: a release that does not start costs no request of 200 a second`, async () => {
    const folder = await folderOf("sick", { files: { "server.js": "process.exit(3)" } });
    const load = server().load(host);
    const ran = await push(folder);
    const { answered, failed } = await load.stop();
    console.log(`${name}: failed start, ${answered} answered, ${failed} failed`);
    await refused(ran, /exit code 3/);
    assert.match(ran.output, new RegExp(`${service} still runs release 1`));
    assert.ok(answered > 0);
    assert.equal(failed, 0);
  });

  test(`${name}: whoever may not push the service is refused`, async () => {
    const ran = await pushWithoutRight(await folderOf("foreign"));
    console.log(`${name}: without the right, exit code ${ran.code}`);
    await refused(ran, /may not|not allowed|denied/i);
  });

  test(`${name}: the same twice at once is one release, and both see it live`, async () => {
    const folder = await folderOf("second");
    const both = await Promise.all([push(folder), push(folder)]);
    await server().settled(service);
    console.log(`${name}: twice at once, ${releases() - 1} release`);
    assert.deepEqual(
      both.map(({ code }) => code),
      [0, 0],
      both.map(({ output }) => output).join("\n"),
    );
    assert.deepEqual([await served(), releases()], ["second", 2]);
  });
}
