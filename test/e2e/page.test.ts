import assert from "node:assert/strict";
import { createServer } from "node:http";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import {
  keepPicture,
  openTab,
  startBrowser,
  startPage,
  violations,
  type OpenPage,
} from "../support/browser-e2e.ts";
import { startServer, type TestServer } from "../support/mypaas-e2e.ts";
import { makeSource, type Source } from "../support/source-e2e.ts";

/** Prints a line that would be a picture with a script if it were not text, and a flood of numbered lines when asked. */
const more = `
console.log("\\u001b[31mred\\u001b[0m <img src=x onerror=document.title='taken'> &amp;");
const answer = require("node:http").Server.prototype.emit;
require("node:http").Server.prototype.emit = function (name, req, res) {
  if (name !== "request" || !req.url.startsWith("/flood")) return answer.apply(this, arguments);
  res.end();
  let count = 0;
  const begun = Date.now();
  const timer = setInterval(() => {
    const due = Math.min(30000, (Date.now() - begun) * 10);
    let text = "";
    while (count < due) text += "flood " + ++count + "\\n";
    if (text) process.stdout.write(text);
    if (count >= 30000) clearInterval(timer);
  }, 10);
};
`;

let server: TestServer;
let web: Source;
let browser: Browser;
let opened: OpenPage;

before(async () => {
  [server, browser] = await Promise.all([startServer("t-e2epage"), startBrowser()]);
  const keys = ["scale = 2", "healthcheck = /health", "env = LOG"];
  web = await makeSource(server, "web", { keys });
  const app = await readFile(`${web.folder}/server.js`, "utf8");
  await web.write("server.js", more + app);
  await server.must(["env", "web", "set", "LOG=info", "--next-push", "-r", "prod"]);
  await server.mustPush(web);
  opened = await startPage(server);
});
after(async () => {
  await opened?.end();
  await browser?.close();
  await server?.remove();
});

const views = [
  ["services", ""],
  ["service", "services/web"],
  ["log", "services/web/log"],
  ["jobs", "jobs"],
  ["job", "jobs/1"],
  ["certificates", "certificates"],
  ["disk", "disk"],
  ["doctor", "doctor"],
] as const;

const sizes = [
  ["light", { colorScheme: "light" }],
  ["dark-390", { colorScheme: "dark", viewport: { width: 390, height: 844 } }],
  ["4k", { colorScheme: "light", viewport: { width: 3840, height: 2160 } }],
] as const;

test("every view fits, asks no other host, breaks no rule of its policy and none of axe's", async () => {
  const { host } = new URL(opened.url);
  for (const [look, options] of sizes) {
    const strict = await openTab(browser, options);
    const checked = await openTab(browser, { ...options, bypassCSP: true });
    // What differs on a very large screen is width alone.
    const shown = look === "4k" ? views.slice(0, 2) : views;
    for (const [name, path] of shown) {
      const answer = await strict.page.goto(opened.url + path);
      assert.equal(answer?.status(), 200, name);
      await keepPicture(strict.page, `${name}-${look}`);
      const wide = "document.documentElement.scrollWidth > innerWidth";
      assert.equal(await strict.page.evaluate(wide), false, `${name} ${look} is too wide`);
      if (look === "4k") continue;
      await checked.page.goto(opened.url + path);
      assert.deepEqual(await violations(checked.page), [], `${name} ${look}`);
    }
    console.log(`${look}: ${shown.length} views, ${strict.messages.length} messages`);
    assert.deepEqual(strict.messages, [], look);
    assert.deepEqual([...strict.hosts], [host]);
    await strict.close();
    await checked.close();
  }
});

test("without JavaScript all numbers are there", async () => {
  const { page, close } = await openTab(browser, { javaScriptEnabled: false });
  const textOf = async (path: string) => {
    await page.goto(opened.url + path);
    return (await page.locator("main").innerText()).replaceAll(/\s+/g, " ");
  };
  assert.match(await textOf(""), /web web\.example\.test live .*2 of 2 .*push done/);
  const service = await textOf("services/web");
  assert.match(service, /web\.1 1 running .*web\.2 1 running .*1 live .* laptop .*not asked/);
  assert.match(await textOf("jobs/1"), /Job 1 done .*web release 1 is live after/);
  assert.match(await textOf("doctor"), /\d+ checks, .*Docker/);
  assert.match(await textOf("certificates"), /No service uses https/);
  await page.goto(`${opened.url}services/web/log?search=ONERROR`);
  assert.equal(await page.locator(".log li").count(), 2);
  await close();
});

test("a line of an app is text, whatever it holds, and its colour is a class", async () => {
  const { page, close } = await openTab(browser);
  await page.goto(`${opened.url}services/web/log`);
  const line = page.locator(".log li", { hasText: "onerror" }).first();
  assert.match(await line.innerText(), /red <img src=x onerror=document.title='taken'> &amp;/);
  assert.equal(await line.locator(".red").innerText(), "red");
  assert.equal(await page.locator("img").count(), 0);
  assert.equal(await page.title(), "Log of web · prod");
  await close();
});

/** Opens an action of the service's view, fills its form, sends it and waits for the end of its job. */
async function act(page: Page, title: string, button: string, fields: Record<string, string> = {}) {
  await page.goto(`${opened.url}services/web`);
  await page.locator("summary", { hasText: title }).click();
  for (const [name, value] of Object.entries(fields))
    await page.locator(`[name="${name}"]:visible`).fill(value);
  await page.getByRole("button", { name: button }).click();
  await page.waitForURL(/\/jobs\/\d+$/);
}

/** What 200 requests a second lose meanwhile. */
async function underLoad(work: () => Promise<void>): Promise<void> {
  const load = server.load(web.host);
  try {
    await work();
  } finally {
    await server.settled("web");
    await load.stop();
  }
  const { sent, failed, reasons } = await load.stop();
  console.log(`${sent} sent, ${failed} failed`);
  assert.deepEqual({ failed, reasons }, { failed: 0, reasons: {} });
}

test("a restart that a button begins loses no request, and its log grows until its receipt", async () => {
  const { page, close } = await openTab(browser);
  await underLoad(async () => {
    await act(page, "Restart", "Restart web");
    await page.locator(".log .receipt").waitFor();
  });
  const receipt = await page.locator(".log .receipt span").innerText();
  assert.match(receipt, /^switched in .*: \d+ requests, 0 failed$/);
  await page.locator("figcaption", { hasText: "requests, 0 failed" }).waitFor();
  await keepPicture(page, "switch");
  await close();
});

test("a variable that a form sets without script makes a release, and loses no request", async () => {
  const { page, close } = await openTab(browser, { javaScriptEnabled: false });
  await underLoad(() => act(page, "Set a variable", "Set it", { name: "LOG", value: "debug" }));
  await page.reload();
  assert.match(await page.locator("main").innerText(), /done[^]*0 failed/);
  assert.equal((await server.get(web.host)).release, "web/3");
  await close();
});

test("a form of another site, another name for the address and a wrong secret are refused", async () => {
  const { page, close } = await openTab(browser);
  const jobs = (await server.stored()).jobs;
  const { port, pathname } = new URL(opened.url);
  const foreign = createServer((_, answer) =>
    answer
      .setHeader("content-type", "text/html")
      .end(
        `<form method="post" action="${opened.url}services/web/stop"><button>go</button></form>`,
      ),
  ).listen(0, "127.0.0.1");
  await once(foreign, "listening");
  for (const name of ["127.0.0.1", "localhost"]) {
    await page.goto(`http://${name}:${(foreign.address() as AddressInfo).port}/`);
    await page.getByRole("button").click();
    await page.waitForURL(/stop$/);
    assert.equal((await page.locator("body").innerText()).trim(), "form: not sent by this page");
  }
  foreign.close();
  const other = await page.goto(`http://localhost:${port}${pathname}`);
  assert.equal(other?.status(), 403);
  const wrong = await page.goto(`http://127.0.0.1:${port}/${"x".repeat(43)}/`);
  assert.equal(wrong?.status(), 404);
  assert.equal((await server.stored()).jobs, jobs);
  await close();
});

test("10,000 lines a second leave the page alive, and the newest 2,000 are there", async () => {
  const { page, messages, close } = await openTab(browser);
  await page.goto(`${opened.url}services/web/log`);
  await page.locator(".log li").first().waitFor();
  await server.get(web.host, "/flood");
  await page.locator(".log li", { hasText: "flood" }).first().waitFor();
  await page.getByRole("button", { name: "Pause" }).click();
  await page.getByRole("button", { name: "Go on" }).click();
  await page.locator(".log li", { hasText: /flood 30000$/ }).waitFor({ state: "attached" });
  const texts = await page.evaluate<string[]>(
    "[...document.querySelectorAll('.log li > span')].map((one) => one.textContent)",
  );
  const numbers = texts
    .filter((one) => one.startsWith("flood "))
    .map((one) => Number(one.slice(6)));
  const wanted = Array.from({ length: numbers.length }, (_, at) => 30_001 - numbers.length + at);
  console.log(`flood: 30000 lines, ${texts.length} kept, from ${numbers[0]}`);
  assert.equal(texts.length, 2000);
  assert.ok(numbers.length > 1900);
  assert.deepEqual(numbers, wanted);
  await page.locator("#search").fill("flood 29999");
  await page.locator(".log li:visible").first().waitFor();
  assert.equal(await page.locator(".log li:not([hidden])").count(), 1);
  assert.deepEqual(messages, []);
  await close();
});

test("a log goes on when the worker starts again, and the page says when it has ended", async () => {
  const { page, close } = await openTab(browser);
  await page.goto(`${opened.url}services/web/log`);
  await page.locator(".log li").first().waitFor();
  await server.stopWorker();
  await server.startWorker();
  const lines = page.locator(".log li", { hasText: "onerror" });
  const count = await lines.count();
  await server.must(["restart", "web", "-r", "prod"]);
  await lines.nth(count + 1).waitFor({ state: "attached" });
  assert.equal(await opened.end(), 130);
  await page.getByText("This page has ended. Open it again: mypaas open").waitFor();
  await close();
});
