import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { test } from "node:test";
import { notifyReady } from "../../../src/adapters/host/systemd.ts";
import { refusal, scratch } from "../../support/worker.ts";

const hint = "hint: see why: systemctl status, journalctl --boot";

test("an error of a systemd tool is quoted, its first line as the problem", async (t) => {
  const dir = scratch(t);
  const tool = "#!/bin/sh\necho 'No such socket' >&2\necho 'More of it' >&2\nexit 1\n";
  await writeFile(`${dir}/systemd-notify`, tool, { mode: 0o755 });
  assert.equal(
    await refusal(() => notifyReady({ NOTIFY_SOCKET: "/none", PATH: dir })),
    `systemd-notify --ready: No such socket\nMore of it\n${hint}`,
  );
});

test("a missing systemd tool is named", async (t) => {
  assert.equal(
    await refusal(() => notifyReady({ NOTIFY_SOCKET: "/none", PATH: scratch(t) })),
    `systemd-notify --ready: spawn systemd-notify ENOENT\n${hint}`,
  );
});
