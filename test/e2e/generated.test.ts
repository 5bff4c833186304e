import assert from "node:assert/strict";
import { access, mkdir, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { initArgs } from "../../scripts/machine/instance.ts";
import { mustRun } from "../../scripts/machine/run.ts";
import { startForgePlace, type ForgePlace } from "../support/forge-e2e.ts";
import { repositoryAt, startSshd, type TestSshd } from "../support/git-ssh-e2e.ts";
import { provideLanguageImages } from "../support/language-images.ts";
import { madeFolders, type MadeFolder } from "../support/made-folders.ts";
import { startServer, type TestServer } from "../support/mypaas-e2e.ts";
import { eventOf, failureOf, type Said } from "../support/said-e2e.ts";
import type { Source } from "../support/source-e2e.ts";

const domain = "generated.test";
let server: TestServer;
let sshd: TestSshd;
let place: ForgePlace;
let takeAway: () => Promise<void>;

before(async () => {
  takeAway = await provideLanguageImages();
  server = await startServer("t-e2e-generated");
  // Only now: the laptop's line would name a host that no resolver knows.
  await server.must([...initArgs(server.instance), "--domain", domain, "--git"]);
  place = await startForgePlace(await mkdtemp(join(server.instance.folder, "forge-")));
  await place.allowOn(server);
  sshd = await startSshd(server);
});
after(async () => {
  await sshd?.stop();
  await server?.remove();
  await place?.close();
  await takeAway?.();
});

/** Writes a folder of the fixtures to the laptop; the service gets the folder's name. */
async function take(service: string, files: MadeFolder): Promise<Source> {
  const folder = join(server.instance.folder, "laptop", service);
  const write = async (name: string, text: string | Uint8Array) => {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  };
  for (const [name, text] of Object.entries(files)) await write(name, text);
  return { service, host: `${service}.${domain}`, folder, write };
}

/** A fixture, without the lock files that only stand for one. */
function folderOf(name: string, ...without: readonly string[]): MadeFolder {
  const files = Object.entries(madeFolders[name] ?? {});
  return Object.fromEntries(files.filter(([path]) => !without.includes(path)));
}

const texts = ({ events }: Said): readonly string[] =>
  events.flatMap((event) => ("text" in event ? [event.text] : []));

async function answers(host: string, path = "/"): Promise<string> {
  for (let tries = 0; ; tries += 1) {
    const { status, body } = await server.get(host, path);
    if (status === 200 || tries === 40) return `${status} ${body}`;
    await sleep(250);
  }
}

interface Language {
  readonly service: string;
  readonly files: MadeFolder;
  readonly what: string;
  readonly says: RegExp;
  readonly prepare?: (source: Source) => Promise<unknown>;
}

const npmLock = ({ folder }: Source) =>
  mustRun("npm", ["install", "--package-lock-only", "--no-audit", "--no-fund"], { cwd: folder });

const languages: readonly Language[] = [
  {
    service: "express",
    files: folderOf("node-express", "package-lock.json"),
    what: "node (npm, express)",
    says: /^200 express$/,
    prepare: npmLock,
  },
  {
    service: "vite",
    files: {
      ...folderOf("node-vite-react", "package-lock.json", "package.json"),
      "package.json": JSON.stringify({
        packageManager: "pnpm@10.20.0",
        type: "module",
        scripts: { build: "vite build" },
        devDependencies: { vite: "7.2.2" },
      }),
      "pnpm-workspace.yaml": "onlyBuiltDependencies:\n  - esbuild\n",
    },
    what: "node (pnpm, vite)",
    says: /^200 .*<div id="root">/s,
  },
  {
    service: "flask",
    files: folderOf("python-flask"),
    what: "python (pip, flask)",
    says: /^200 flask$/,
  },
  {
    service: "fastapi",
    files: folderOf("python-fastapi-uv", "uv.lock"),
    what: "python (uv, fastapi)",
    says: /^200 \{"from":"fastapi"\}$/,
  },
  {
    service: "django",
    files: folderOf("python-django"),
    what: "python (pip, django)",
    says: /^200 django$/,
  },
  { service: "go", files: folderOf("go-main"), what: "go (1.19)", says: /^200 go$/ },
  {
    service: "ruby",
    files: folderOf("ruby-script"),
    what: "ruby (bundler, rack)",
    says: /^200 ruby$/,
  },
  { service: "php", files: folderOf("php-plain"), what: "php", says: /^200 php$/ },
  {
    service: "static",
    files: folderOf("static-site"),
    what: "static files",
    says: /^200 <h1>static<\/h1>/,
  },
];

test("a folder of each language without a Dockerfile becomes live, as a user without rights", async () => {
  const queue = languages.values();
  const seen: string[] = [];
  const work = async () => {
    for (const { service, files, what, says, prepare } of queue) {
      const source = await take(service, files);
      await prepare?.(source);
      const begun = Date.now();
      const said = await server.mustPush(source);
      const note = `no Dockerfile: made one for ${what}; see it: mypaas check --generate, keep it: mypaas eject`;
      assert.ok(texts(said).includes(note), texts(said).slice(0, 5).join("\n"));
      assert.match(await answers(source.host), says);
      const { out } = await server.must(["exec", service, "-r", "prod", "--", "id", "-u"]);
      assert.notEqual(out.trim(), "0", service);
      await assert.rejects(access(join(source.folder, "Dockerfile")));
      seen.push(`${service} ${Math.round((Date.now() - begun) / 1000)} s`);
    }
  };
  await Promise.all([work(), work()]);
  assert.equal(seen.length, languages.length);
  console.log(`built and served without a Dockerfile: ${seen.join(", ")}`);
});

test("an app in the browser gets its own addresses, a static site a 404, and neither shows what was made", async () => {
  assert.match(await answers(`vite.${domain}`, "/deep/link"), /^200 .*<div id="root">/s);
  assert.match(await answers(`static.${domain}`, "/about/"), /^200 <h1>about/);
  const hidden = ["/missing", "/.mypaas/Dockerfile"];
  for (const path of hidden)
    assert.equal((await server.get(`static.${domain}`, path)).status, 404, path);
  assert.equal((await server.get(`php.${domain}`, "/.mypaas/Dockerfile")).status, 404);
});

test("the same folder again changes nothing, and an ejected Dockerfile serves the same", async () => {
  const source = await take("flask", folderOf("python-flask"));
  assert.equal((await server.mustPush(source)).events.at(-1)?.kind, "unchanged");
  const run = async (...args: readonly string[]) =>
    (await server.run(args, { cwd: source.folder })).out;
  const printed = await run("check", "--generate");
  assert.match(await run("eject"), /^wrote Dockerfile and \.dockerignore for python/);
  assert.equal(await readFile(join(source.folder, "Dockerfile"), "utf8"), printed);
  const said = await server.mustPush(source);
  eventOf(said, "live");
  assert.equal(
    texts(said).some((text) => text.startsWith("no Dockerfile")),
    false,
  );
  assert.equal(await answers(source.host), "200 flask");
});

test("a folder that does not build or start leaves the old release serving, without a failed request", async () => {
  const source = await take("express", folderOf("node-express", "package-lock.json"));
  const load = server.load(source.host, { isPlain: true });
  let counts;
  try {
    await source.write("server.js", "process.exit(3);\n");
    const stopped = failureOf(await server.push(source));
    assert.match(stopped.message, /exit code 3/);
    await source.write(
      "package.json",
      JSON.stringify({ scripts: { start: "node server.js", build: "exit 7" } }),
    );
    const broken = failureOf(await server.push(source));
    assert.match(broken.message, /npm run build/);
    await server.settled("express");
  } finally {
    counts = await load.stop();
  }
  const { sent, failed, reasons } = counts;
  assert.equal(failed, 0, JSON.stringify(reasons));
  console.log(`2 failed deploys under load: ${sent} requests, ${failed} failed`);
  assert.equal(await answers(source.host), "200 express");
});

test("where the files do not tell, one question and nothing on the server", async () => {
  const stored = await server.stored();
  for (const name of ["node-two-lock-files", "go-which-program", "nothing-known", "rust-program"]) {
    const said = await server.push(await take(name, folderOf(name)));
    assert.equal(said.code, 1);
    assert.ok(eventOf(said, "failed").message.length > 0);
    assert.doesNotMatch(said.out + said.err, /\n\s+at /);
  }
  assert.deepEqual(await server.stored(), stored);
});

test("a repository without a Dockerfile is the same release by git over ssh, by a link and by a push", async () => {
  const site = { "index.html": "<h1>from git</h1>\n", "img/dot.svg": "<svg/>\n" };
  const { keyFile, folder } = server.instance;
  const at = join(folder, "repos", "site");
  const repository = await repositoryAt(at, sshd, { keyFile, service: "site" });
  for (const [name, text] of Object.entries(site)) await repository.write(name, text);
  await repository.commit("a site");
  const pushed = await repository.git("push", "prod", "main");
  assert.equal(pushed.code, 0, pushed.err);
  assert.match(pushed.err, /^remote: no Dockerfile: made one for static files\s*$/m);
  assert.equal(await answers(`site.${domain}`), "200 <h1>from git</h1>\n");

  const pull = () => server.startCommand(["pull", "site"]).done;
  place.forge.commit("site", site);
  await server.must(["link", "site", place.url("site"), "-r", "prod"]);
  const pulled = await pull();
  assert.equal(eventOf(pulled, "unchanged").kind, "unchanged");
  assert.ok(texts(pulled).includes("no Dockerfile: made one for static files"));
  const laptop = await server.push(await take("site", site));
  assert.equal(eventOf(laptop, "unchanged").kind, "unchanged");

  const load = server.load(`site.${domain}`, { isPlain: true });
  const release = { ...site, Procfile: "# mypaas.release = false\n" };
  place.forge.commit("site", release);
  assert.match(failureOf(await pull()).message, /release command/);
  const rust = { ...site, "index.html": "", "Cargo.toml": "[package]\n" };
  const { "index.html": _, ...nothing } = rust;
  place.forge.commit("site", nothing);
  const question = /site main [0-9a-f]{7}: Cargo\.toml: no Dockerfile can be made for Rust$/;
  const asked = failureOf(await pull());
  assert.match(asked.message, question);
  assert.equal(asked.hint, "add a Dockerfile to the repository, and push it there");
  await repository.must("rm", "-q", "index.html");
  await repository.write("Cargo.toml", "[package]\n");
  await repository.commit("another language");
  const refused = await repository.git("push", "prod", "main");
  assert.match(
    refused.err,
    /^remote: error: commit [0-9a-f]{7}: Cargo\.toml: no Dockerfile can be made for Rust\s*$/m,
  );
  assert.match(refused.err, /! \[remote rejected\] main -> main/);
  const { sent, failed } = await load.stop();
  console.log(`1 failed deploy and 2 questions under load: ${sent} requests, ${failed} failed`);
  assert.equal(failed, 0);
  assert.equal(await answers(`site.${domain}`), "200 <h1>from git</h1>\n");
});
