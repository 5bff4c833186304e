import assert from "node:assert/strict";
import { test } from "node:test";
import { describeChecks } from "../../../src/cli/output/doctor-report.ts";

const plain = (text: string) => text;
const theme = { failed: plain, live: plain, warning: plain, dim: (text: string) => `<${text}>` };

test("a report fits 80 columns, dims the facts and keeps a command in one piece", () => {
  const checks = [
    { id: "docker", title: "Docker", result: "ok", evidence: "28.0.0" },
    {
      id: "orphans",
      title: "orphan volume",
      result: "warning",
      evidence: `a-very-long-name-of-a-volume: ${"that nobody knows ".repeat(5).trim()}`,
      hint: "when nobody needs what is in it, which you alone can know: docker volume rm a-very-long-name-of-a-volume",
    },
    { id: "disk", title: "disk", result: "failed", evidence: "full", hint: "make room" },
    { id: "units", title: "units", result: "skipped", evidence: "no systemd here" },
  ] as const;
  assert.equal(
    describeChecks(checks, theme),
    `ok       Docker: <28.0.0>
warning  orphan volume: <a-very-long-name-of-a-volume: that nobody knows that>
         <nobody knows that nobody knows that nobody knows that nobody knows>
         hint: when nobody needs what is in it, which you alone can know:
           docker volume rm a-very-long-name-of-a-volume
failed   disk: <full>
         hint: make room
<skipped>  units: <no systemd here>

4 checks: 1 failed, 1 warning`,
  );
  assert.match(describeChecks(checks.slice(0, 1), theme), /1 check, nothing wrong$/);
});
