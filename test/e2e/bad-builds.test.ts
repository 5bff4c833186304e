import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, suite, test } from "node:test";
import { docker, startServer, type TestServer } from "../support/mypaas-e2e.ts";
import { eventOf, failureOf } from "../support/said-e2e.ts";
import { nodeImage } from "../support/images.ts";
import { makeSource, writeDockerfile } from "../support/source-e2e.ts";
import { startTokenRegistry } from "../support/token-registry.ts";

let server: TestServer;

before(async () => {
  server = await startServer("t-e2ea-builds");
});
after(() => server?.remove());

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

suite("builds", { concurrency: true }, () => {
  test("a build that fails says which step and what it printed, and the old release goes on", async () => {
    const source = await makeSource(server, "web", { keys: ["scale = 1"] });
    await server.mustPush(source);
    const failing = `RUN ["node", "-e", "console.log('compiling 1 file'); console.error('no such module: left-pad'); process.exit(7)"]`;
    await writeDockerfile(source, { keys: ["scale = 1"], build: [failing] });
    const load = server.load(source.host, { perSecond: 20 });
    const said = await server.push(source);
    const { details, ...failure } = failureOf(said);
    assert.deepEqual(failure, {
      code: 1,
      message: `build web: step "${failing}" stopped with exit code 7`,
      hint: undefined,
      still: "web still runs release 1",
    });
    // One line went to stdout and one to stderr, whose order nobody promises.
    assert.deepEqual(details.toSorted(), ["compiling 1 file", "no such module: left-pad"]);
    const lines = said.events.flatMap((event) => (event.kind === "build" ? [event.text] : []));
    assert.ok(lines.some((line) => line.includes("no such module: left-pad")));
    const report = await load.stop();
    console.log(`during the failed build: ${report.sent} sent, ${report.failed} failed`);
    assert.deepEqual([report.failed, Object.keys(report.byRelease)], [0, ["web/1"]]);

    const human = await server.run(["push", "prod"], { cwd: source.folder });
    assert.equal(human.code, 1);
    assert.match(
      human.err,
      /no such module: left-pad\n[^]*error: build web: step [^]*stopped with exit code 7\nweb still runs release 1\n$/,
    );
  });

  test("a variable without a value is refused before the build, and a set one reaches the container and no output", async () => {
    const secret = "correct-horse-battery-staple";
    const build = ['RUN ["node", "-e", "console.log(\'building with env\')"]'];
    const source = await makeSource(server, "shop", { keys: ["env = DB_PASSWORD"], build });
    const refused = await server.push(source);
    assert.deepEqual(failureOf(refused), {
      code: 1,
      message: "env DB_PASSWORD: not set on the server",
      hint: "run: mypaas env shop set DB_PASSWORD=… -r prod",
      details: [],
      still: "nothing runs under shop yet",
    });
    assert.equal(refused.events.filter(({ kind }) => kind === "build").length, 0);

    const set = await server.must(["env", "shop", "set", `DB_PASSWORD=${secret}`, "-r", "prod"]);
    assert.equal(set.out, "set DB_PASSWORD for shop; its next release has it\n");
    const pushed = await server.mustPush(source);
    assert.equal((await server.get(source.host, "/env?DB_PASSWORD")).body, sha256(secret));

    await source.write("server.js", `console.log("using ${secret}"); process.exit(4);`);
    const failed = await server.push(source);
    assert.match(failureOf(failed).message, /^deploy shop: container stopped with exit code 4, /);
    assert.deepEqual(failureOf(failed).details, ["using ***"]);
    const list = await server.must(["env", "shop", "-r", "prod"]);
    const logged = JSON.stringify(server.query("SELECT event FROM job_log"));
    const all =
      [refused, set, pushed, failed, list].map(({ out, err }) => out + err).join("") + logged;
    console.log(`secret found ${all.split(secret).length - 1} times in ${all.length} characters`);
    assert.equal(all.includes(secret), false);
  });

  test("a base image comes from a registry that wants a token", async (t) => {
    const registry = await startTokenRegistry();
    t.after(registry.close);
    const repo = `${registry.host}/team/base`;
    const from = `${repo}:1`;
    await docker.getImage(nodeImage).tag({ repo, tag: "1" });
    const forget = () =>
      docker
        .getImage(from)
        .remove({ force: true })
        .catch(() => undefined);
    t.after(forget);
    const authconfig = { ...registry.credentials, serveraddress: registry.host };
    const pushing = await docker.getImage(from).push({ authconfig });
    const messages: string[] = [];
    for await (const chunk of pushing) messages.push(String(chunk));
    assert.equal(messages.join("").includes('"error"'), false, messages.join(""));
    await forget();

    const tokens = registry.anonymous();
    const source = await makeSource(server, "based", { from });
    const said = await server.mustPush(source, ["--pull"]);
    assert.equal(eventOf(said, "live").release, 1);
    assert.equal((await server.get(source.host)).body, "first page");
    console.log(`tokens given to the build: ${registry.anonymous() - tokens}`);
    assert.ok(registry.anonymous() > tokens);

    registry.refuse(true);
    const secret = await makeSource(server, "secret", { from: `${registry.host}/team/secret:1` });
    assert.deepEqual(failureOf(await server.push(secret)), {
      code: 1,
      message: `build secret: base image "${registry.host}/team/secret:1": the registry wants a login, or has no such image`,
      hint: `check the name in FROM, or log in: mypaas registry login ${registry.host} -r prod`,
      details: [
        "failed to authorize: failed to fetch anonymous token: unexpected status: 401 Unauthorized",
      ],
      still: "nothing runs under secret yet",
    });
  });
});
