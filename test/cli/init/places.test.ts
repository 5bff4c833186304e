import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { wantedConfig } from "../../../src/cli/init/options.ts";
import { directories, ensureIdentity, sumOf } from "../../../src/cli/init/places.ts";
import { receiverUid, traefikUid } from "../../../src/core/server/uids.ts";

let stateDir = "";
before(async () => {
  stateDir = await mkdtemp(join(tmpdir(), "mypaas-places-"));
});
after(() => rm(stateDir, { recursive: true, force: true }));

const now = Date.UTC(2026, 10, 21);
const config = () =>
  wantedConfig(
    {},
    {
      stateDir,
      before: undefined,
      server: "0123456789abcdef",
      owner: { name: "root", home: "/root" },
      cwd: "/",
    },
  );

test("the directories of the run folder are those that tmpfiles.d makes at boot", async () => {
  const file = join(import.meta.dirname, "../../../systemd/tmpfiles.d/mypaas.conf");
  const lines = (await readFile(file, "utf8")).split("\n").filter((line) => line.startsWith("d"));
  const atBoot = lines.map((line) => line.split(/\s+/).slice(1, 5).join(" "));
  const { run } = directories({ stateDir: "/var/lib/mypaas", runDir: "/run/mypaas" });
  const group = (gid: number) => (gid === 0 ? "root" : String(gid));
  assert.deepEqual(
    run.map(({ path, mode, owner }) => `${path} 0${mode.toString(8)} root ${group(owner.gid)}`),
    atBoot,
  );
});

test("only root enters the state, and each container's user owns only its own", () => {
  const { state } = directories({ stateDir: "/s", runDir: "/r" });
  const owners = state
    .filter(({ owner }) => owner.uid !== 0)
    .map(({ path, owner }) => [path, owner.uid]);
  assert.deepEqual(owners, [
    ["/s/spool", receiverUid],
    ["/s/traefik/acme", traefikUid],
  ]);
  assert.equal(state.find(({ path }) => path === "/s")?.mode, 0o700);
});

test("several findings are one: created when nothing was there before, else changed when anything was done", () => {
  assert.equal(sumOf(["created", "created"]), "created");
  assert.equal(sumOf(["created", "already there"]), "changed");
  assert.equal(sumOf(["already there", "changed"]), "changed");
  assert.equal(sumOf(["already there", "already there"]), "already there");
});

test("the identity is made once and never again, also when it is damaged", async () => {
  const first = await ensureIdentity(config(), now);
  assert.equal(first.found, "created");
  const second = await ensureIdentity(config(), now);
  assert.deepEqual(second, { identity: first.identity, found: "already there" });
  const file = join(stateDir, "identity.pem");
  await writeFile(file, first.identity.certificate);
  await assert.rejects(ensureIdentity(config(), now), {
    message: `${file}: holds no usable certificate and key`,
    hint: "restore it from a backup, or move it away, run init again and add the remote again on every laptop",
  });
});
