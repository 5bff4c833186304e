import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { chromium, type Browser, type BrowserContextOptions, type Page } from "playwright-core";
import { installPackages } from "../../scripts/machine/packages.ts";
import { has } from "../../scripts/machine/run.ts";
import type { TestServer } from "./mypaas-e2e.ts";

/** Debian's Chromium, without the services of its maker. */
export async function startBrowser(): Promise<Browser> {
  if (!(await has("chromium")))
    await installPackages(["chromium", "fonts-dejavu-core"], "looks at the page");
  const quiet = ["background-networking", "component-update", "sync", "default-apps"];
  return chromium.launch({
    executablePath: "/usr/bin/chromium",
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--disable-dev-shm-usage",
      "--no-first-run",
      ...quiet.map((one) => `--disable-${one}`),
    ],
  });
}

/** A tab, with what went wrong in it and which hosts it asked. */
export interface Tab {
  readonly page: Page;
  readonly messages: readonly string[];
  readonly hosts: ReadonlySet<string>;
  readonly close: () => Promise<void>;
}

/** Opens a tab in a profile of its own. */
export async function openTab(browser: Browser, options: BrowserContextOptions = {}): Promise<Tab> {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 860 },
    ...options,
  });
  context.setDefaultTimeout(120_000);
  const page = await context.newPage();
  const messages: string[] = [];
  const hosts = new Set<string>();
  page.on("console", (message) => messages.push(`${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => messages.push(`error: ${error.message}`));
  page.on("request", (request) => hosts.add(new URL(request.url()).host));
  return { page, messages, hosts, close: () => context.close() };
}

export interface OpenPage {
  readonly url: string;
  /** Ends it with Ctrl-C; returns its exit code. */
  readonly end: () => Promise<number>;
}

/** `mypaas open --print -r prod`, as a laptop runs it. */
export async function startPage({ instance }: TestServer): Promise<OpenPage> {
  const { program, node, env } = instance;
  const child = spawn(node, [program, "open", "--print", "-r", "prod"], { env });
  let [out, err] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (err += text));
  const ended = new Promise<number>((resolve) => child.on("close", (code) => resolve(code ?? -1)));
  const url = await Promise.race([
    (async () => {
      while (!out.includes("\n")) await sleep(50);
      return out.trim();
    })(),
    ended.then((code) => {
      throw new Error(`mypaas open ended with ${code}: ${err}`);
    }),
  ]);
  return {
    url,
    end: () => {
      child.kill("SIGINT");
      return ended;
    },
  };
}

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** What axe finds of WCAG 2.2 A and AA and of best practice, in a tab with `bypassCSP`. */
export async function violations(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe);
  return page.evaluate(async () => {
    const { axe: looking } = globalThis as unknown as {
      axe: { run: () => Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
    };
    const found = await looking.run();
    return found.violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`);
  });
}

const folder = join(tmpdir(), "mypaas-page");

/** Keeps a picture of a tab outside of the repository. */
export async function keepPicture(page: Page, name: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  const path = join(folder, `${name}.png`);
  await page.screenshot({ path, fullPage: true });
  return path;
}
