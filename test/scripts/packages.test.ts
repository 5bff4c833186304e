import assert from "node:assert/strict";
import { test } from "node:test";
import { repeatWhileLocked } from "../../scripts/machine/packages.ts";

const lock = (file: string, holder: string) => ({
  code: 100,
  out: "",
  err: `E: Could not get lock ${file}. It is held by process ${holder}\nE: Unable to lock it\n`,
});
const lists = lock("/var/lib/apt/lists/lock", "7 (apt-get)");
const dpkg = lock("/var/lib/dpkg/lock-frontend", "8 (unattended-upgr)");
const done = { code: 0, out: "fine", err: "" };
const broken = { code: 100, out: "", err: "E: Unable to locate package nosuch\n" };

/** What is said, how often it waits, and how it ends. */
async function story(answers: readonly (typeof done)[], patience = 10) {
  const said: string[] = [];
  const left = [...answers];
  let waits = 0;
  const ran = await repeatWhileLocked(() => Promise.resolve(left.shift() ?? broken), {
    say: (why) => void said.push(why),
    mayWait: () => Promise.resolve((waits += 1) <= patience),
  });
  return { said, waits, ran };
}

test("apt-get is repeated while another program has a lock, and each holder is named once", async () => {
  assert.deepEqual(await story([lists, lists, dpkg, dpkg, done]), {
    said: [
      "Could not get lock /var/lib/apt/lists/lock. It is held by process 7 (apt-get)",
      "Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 8 (unattended-upgr)",
    ],
    waits: 4,
    ran: done,
  });
});

test("what is no lock is not repeated, and a lock that stays ends with the words of apt-get", async () => {
  assert.deepEqual(await story([broken]), { said: [], waits: 0, ran: broken });
  const { waits, ran } = await story([dpkg, dpkg, dpkg], 1);
  assert.deepEqual({ waits, ran }, { waits: 2, ran: dpkg });
});
