import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { Infra } from "../../../src/adapters/engines/docker/infra.ts";
import { ensurePulled, ensureTraefikBinary } from "../../../src/cli/init/images.ts";
import { Report } from "../../../src/cli/init/report.ts";
import type { Event } from "../../../src/core/wire/events.ts";
import { fakeWorld } from "../../support/world.ts";

let folder = "";
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "mypaas-images-"));
});
after(() => rm(folder, { recursive: true, force: true }));

const facts = {
  id: "sha256:1",
  exposed: [],
  hasHealthcheck: false,
  hasLauncher: false,
  user: "",
  volumes: [],
  routingLabels: [],
};
const unused = () => Promise.reject(new Error("not expected"));

/** Images by reference; what is built or pulled is there afterwards. */
function tools() {
  const images = new Set<string>();
  const contexts: string[] = [];
  const events: Event[] = [];
  const infra: Infra = {
    ensureNetwork: unused,
    inspectNetwork: unused,
    ensureContainer: unused,
    removeNetwork: unused,
    listens: unused,
    labelledRouters: unused,
    removeContainer: unused,
    inspectImage: (reference) => Promise.resolve(images.has(reference) ? facts : undefined),
    pullImage: (reference, onLine) => {
      onLine("Pull complete");
      images.add(reference);
      return Promise.resolve(facts);
    },
    buildImage: async ({ tag, tar }) => {
      const chunks: Uint8Array[] = [];
      for await (const chunk of tar) chunks.push(chunk);
      contexts.push(Buffer.concat(chunks).toString("latin1"));
      images.add(tag);
      return facts;
    },
  };
  const say = (event: Event) => void events.push(event);
  const io = { world: fakeWorld({ cwd: folder }), say, answer: () => undefined, json: false };
  const report = new Report(say);
  return { infra, io, report, instance: "mypaas", contexts, events };
}

test("a Traefik binary becomes an image named after its bytes, once", async () => {
  await writeFile(join(folder, "traefik"), "\u007fELF and more");
  const kit = tools();
  const tag = await ensureTraefikBinary(kit, "traefik");
  assert.match(tag, /^mypaas\/traefik:[0-9a-f]{16}$/);
  assert.equal(await ensureTraefikBinary(kit, "traefik"), tag);
  assert.equal(kit.contexts.length, 1);
  assert.match(
    kit.contexts[0] ?? "",
    /FROM scratch\nCOPY traefik \/traefik\n[^]*\u007fELF and more/,
  );
  const did = kit.report.steps.map(({ did }) => did);
  assert.deepEqual(did, ["created", "already there"]);
});

test("an image is pulled once, with a line for each layer", async () => {
  const kit = tools();
  await ensurePulled(kit, "traefik:v3");
  await ensurePulled(kit, "traefik:v3");
  assert.deepEqual(
    kit.events.map((event) => ("text" in event ? event.text : event.kind)),
    [
      "pulling traefik:v3 …",
      "Pull complete",
      "Traefik image traefik:v3: created",
      "Traefik image traefik:v3: already there",
    ],
  );
  assert.equal(kit.report.hasChanged, true);
});

test("what is no Traefik binary is refused", async () => {
  await writeFile(join(folder, "empty"), "");
  await writeFile(join(folder, "archive.tar.gz"), "\u001f\u008b");
  const cases = [
    [
      "nowhere",
      "--traefik-binary nowhere: does not exist",
      "give the path of the program traefik, unpacked",
    ],
    [
      ".",
      "--traefik-binary .: unreadable (EISDIR)",
      "give the path of the program traefik, unpacked",
    ],
    [
      "empty",
      "--traefik-binary empty: is not a Linux program",
      "give the program itself, unpacked from its archive",
    ],
    [
      "archive.tar.gz",
      "--traefik-binary archive.tar.gz: is not a Linux program",
      "give the program itself, unpacked from its archive",
    ],
  ] as const;
  for (const [name, message, hint] of cases)
    await assert.rejects(ensureTraefikBinary(tools(), name), { name: "UserError", message, hint });
});
