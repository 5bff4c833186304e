import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { goProgram } from "../../scripts/machine/go-program.ts";
import { mustRun, run } from "../../scripts/machine/run.ts";
import { createServer } from "../../src/receiver/server.ts";
import { openedRegistry } from "../support/registry.ts";

const conformance = [
  "github.com/opencontainers/distribution-spec/conformance",
  "v0.0.0-20260831232431-97274622c111",
] as const;
const crane = ["github.com/google/go-containerregistry/cmd/crane", "v0.22.1"] as const;

/** What the door does not promise: it gives nothing up, knows no referrers and takes sha256 only. */
const notPromised = {
  OCI_API_BLOBS_DELETE: "false",
  OCI_API_MANIFESTS_DELETE: "false",
  OCI_API_TAGS_DELETE: "false",
  OCI_API_REFERRER: "false",
  OCI_DATA_SHA512: "false",
};

/** The receiver's own code on a port of its own; the images here are no programs, so its worker deploys none. */
async function opened(t: TestContext) {
  const door = await openedRegistry(t, { now: Date.now, services: ["*"] });
  const server = createServer({ fetch: door.app, now: Date.now, writeLine: () => undefined });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const folder = await mkdtemp(join(tmpdir(), "mypaas-conformance-"));
  t.after(async () => {
    server.close();
    server.closeAllConnections();
    await rm(folder, { recursive: true });
  });
  const { port } = server.address() as AddressInfo;
  return { door, folder, host: `127.0.0.1:${port}` };
}

test("the door of images passes the conformance suite of OCI for push and for what it gives back", async (t) => {
  const program = await goProgram(...conformance);
  const { door, host, folder } = await opened(t);
  const ran = await run(program, [], {
    cwd: folder,
    env: {
      ...process.env,
      ...notPromised,
      OCI_REGISTRY: host,
      OCI_TLS: "disabled",
      OCI_REPO1: "conformance-1",
      OCI_REPO2: "conformance-2",
      OCI_USERNAME: "token",
      OCI_PASSWORD: door.token,
      OCI_RESULTS_DIR: folder,
    },
  });
  const junit = await readFile(join(folder, "junit.xml"), "utf8");
  const count = (name: string) => Number(new RegExp(` ${name}="(\\d+)"`).exec(junit)?.[1]);
  const { tests, failures, skipped, disabled } = {
    tests: count("tests"),
    failures: count("failures"),
    skipped: count("skipped"),
    disabled: count("disabled"),
  };
  const passed = tests - failures - skipped - disabled;
  console.log(
    `OCI conformance: ${passed} passed, ${failures} failed, ${skipped} skipped, ${disabled} not promised`,
  );
  assert.equal(failures, 0, ran.out.slice(-4000) + ran.err.slice(-4000));
  assert.ok(passed > 400, String(passed));
  assert.equal(ran.code, 0);
  assert.deepEqual(door.bugs, []);
});

test("crane logs in and pushes an image and an index, each tag is one deploy", async (t) => {
  const program = await goProgram(...crane);
  const { door, host, folder } = await opened(t);
  const env = { ...process.env, DOCKER_CONFIG: join(folder, "docker") };
  const call = (...args: readonly string[]) =>
    mustRun(program, [...args, "--insecure"], { env, cwd: folder });
  await call("auth", "login", host, "-u", "token", "-p", door.token);
  await writeFile(join(folder, "page.txt"), "a page");
  await mustRun("tar", ["-czf", "layer.tar.gz", "page.txt"], { cwd: folder });
  await call("append", "--oci-empty-base", "-f", "layer.tar.gz", "-t", `${host}/web:v1`);
  await call("index", "append", "-m", `${host}/web:v1`, "-t", `${host}/web:v2`);
  assert.deepEqual(
    door.deploys.map(({ repository, tag }) => `${repository}:${tag}`),
    ["web:v1", "web:v2"],
  );
  door.endWith(async () => ({ isLive: false, text: "web still runs release 1" }));
  const failed = await run(program, ["tag", `${host}/web:v1`, "v3", "--insecure"], { env });
  assert.notEqual(failed.code, 0);
  assert.match(failed.err, /DENIED: web still runs release 1/);
});
