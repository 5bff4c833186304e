import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { test } from "node:test";
import { Report } from "../../../src/cli/init/report.ts";
import { ensureRunning, refuseMissingGroups } from "../../../src/cli/init/services.ts";
import { refusal, scratch, testConfig } from "../../support/worker.ts";
import { fakeWorld } from "../../support/world.ts";

test("a group that sysusers did not make is named, whoever owns its number otherwise", async () => {
  const hint = "hint: see why: systemd-sysusers /etc/sysusers.d/mypaas.conf";
  const [receiver, traefik] = ["mypaas-receiver:x:65532:\n", "somebody:x:65533:ann\n"];
  refuseMissingGroups(`root:x:0:\n${receiver}${traefik}`);
  for (const [text, id] of [
    [traefik, 65_532],
    [receiver, 65_533],
  ] as const)
    assert.equal(
      await refusal(() => refuseMissingGroups(text)),
      `group ${id}: cannot be created\n${hint}`,
    );
});

test("a worker that does not start is shown with its last lines", async (t) => {
  const dir = scratch(t);
  const path = process.env["PATH"];
  t.after(() => (process.env["PATH"] = path));
  // The only tools that can be found: a worker that is enabled, stopped, and stays so.
  process.env["PATH"] = dir;
  const systemctl = `#!/bin/sh
case "$*" in
  *UnitFileState*) echo enabled;;
  *ActiveState*) echo inactive;;
  start*) echo "Job failed" >&2; exit 1;;
esac
`;
  await writeFile(`${dir}/systemctl`, systemctl, { mode: 0o755 });
  const journalctl = "#!/bin/sh\necho 'error: state: damaged'\necho 'exited, status=1'\n";
  await writeFile(`${dir}/journalctl`, journalctl, { mode: 0o755 });
  const config = testConfig(dir, { instance: "example" });
  const tools = { config, world: fakeWorld(), report: new Report(() => {}) };
  assert.equal(
    await refusal(() => ensureRunning(tools, false)),
    "worker: example-worker.service does not start\nerror: state: damaged\nexited, status=1\nhint: see its log: journalctl --unit example-worker.service",
  );
});
