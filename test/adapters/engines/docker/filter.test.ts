import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, request, type IncomingMessage, type RequestListener } from "node:http";
import { test, type TestContext } from "node:test";
import { dockerFilter } from "../../../../src/adapters/engines/docker/filter.ts";
import { scratch } from "../../../support/worker.ts";

async function serve(t: TestContext, path: string, listener: RequestListener): Promise<void> {
  const server = createServer(listener);
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  server.listen(path);
  await once(server, "listening");
}

async function ask(socketPath: string, path: string): Promise<IncomingMessage> {
  const asked = request({ socketPath, path, agent: false });
  asked.end();
  const [response] = (await once(asked, "response")) as [IncomingMessage];
  return response;
}

async function text(response: IncomingMessage): Promise<string> {
  let all = "";
  for await (const chunk of response) all += String(chunk);
  return `${response.statusCode} ${all.trim()}`;
}

const container = (instance: string) =>
  JSON.stringify({ Config: { Env: ["A=secret"], Labels: { "mypaas.instance": instance } } });

test("docker filter: ours is shown without its environment, a stranger's is not there", async (t) => {
  const dir = scratch(t);
  await serve(t, `${dir}/engine`, (asked, answer) => {
    answer.end(container(asked.url === "/containers/ours/json" ? "mine" : "other"));
  });
  await serve(
    t,
    `${dir}/filter`,
    dockerFilter({ engineSocket: `${dir}/engine`, instance: "mine" }),
  );
  const ours = await text(await ask(`${dir}/filter`, "/containers/ours/json"));
  assert.match(ours, /^200 .*"Env":\[\]/);
  assert.equal(ours.includes("secret"), false);
  assert.equal(
    await text(await ask(`${dir}/filter`, "/containers/theirs/json")),
    '404 {"message":"no such container"}',
  );
  assert.equal(
    await text(await ask(`${dir}/filter`, "/info")),
    '403 {"message":"mypaas: this call is not allowed"}',
  );
});

test("docker filter: an event stream is passed on as it comes and ends with its reader", async (t) => {
  const dir = scratch(t);
  const closed = Promise.withResolvers<void>();
  const heard: string[] = [];
  await serve(t, `${dir}/engine`, (_asked, answer) => {
    answer.write("one\n");
    answer.on("close", () => closed.resolve());
  });
  await serve(
    t,
    `${dir}/filter`,
    dockerFilter({
      engineSocket: `${dir}/engine`,
      instance: "mine",
      onEvents: () => {
        heard.push("began");
        return () => void heard.push("ended");
      },
    }),
  );
  const response = await ask(`${dir}/filter`, "/events");
  const [chunk] = (await once(response, "data")) as [Buffer];
  assert.equal(chunk.toString(), "one\n");
  assert.deepEqual(heard, ["began"]);
  response.destroy();
  await closed.promise;
  assert.deepEqual(heard, ["began", "ended"]);
});

test("docker filter: an engine that is away is a 503", async (t) => {
  const dir = scratch(t);
  await serve(t, `${dir}/filter`, dockerFilter({ engineSocket: `${dir}/none`, instance: "mine" }));
  assert.equal(
    await text(await ask(`${dir}/filter`, "/_ping")),
    '503 {"message":"docker: not reachable"}',
  );
});
