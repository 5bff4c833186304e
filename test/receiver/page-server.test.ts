import assert from "node:assert/strict";
import { test } from "node:test";
import { freePort } from "../../scripts/machine/ports.ts";
import { servePage } from "../../src/receiver/page-server.ts";

test("the page is served until the process is told to stop", async () => {
  const port = await freePort();
  const over = new AbortController();
  const served = servePage({ interrupted: over.signal }, port);
  const url = `http://127.0.0.1:${port}/?text=${Buffer.from("soon").toString("base64url")}`;
  let answer = await fetch(url).catch(() => undefined);
  for (let tries = 0; answer === undefined && tries < 100; tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    answer = await fetch(url).catch(() => undefined);
  }
  assert.equal(await answer?.text(), "Down for maintenance\nsoon\n");
  const posted = await fetch(url, { method: "POST", body: "x".repeat(100_000) });
  assert.equal(await posted.text(), "Down for maintenance\nsoon\n");
  over.abort();
  await served;
  await assert.rejects(fetch(url));
});
