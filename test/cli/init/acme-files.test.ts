import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { after, before, test } from "node:test";
import { makeIdentity } from "../../../src/adapters/host/certificate.ts";
import { ensureAcmeFiles, readAcmeFiles } from "../../../src/cli/init/acme-files.ts";
import { wantedConfig, type InitOptions } from "../../../src/cli/init/options.ts";
import { Report } from "../../../src/cli/init/report.ts";
import { instancePaths } from "../../../src/core/server/instance.ts";
import { fakeWorld } from "../../support/world.ts";

let folder = "";
let pem = "";
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "mypaas-acme-"));
  await mkdir(join(folder, "state/traefik"), { recursive: true });
  const made = await makeIdentity("0123456789abcdef", Date.UTC(2026, 10, 21));
  pem = made.certificate.trim();
  await writeFile(join(folder, "ca.pem"), `subject: me\n${made.privateKey}\n${pem}\n${pem}\n`);
  await writeFile(join(folder, "none"), `${pem}\n`);
  await writeFile(join(folder, "dns.env"), "# mine\nTOKEN='a b'\nexport URL=http://x\n");
});
after(() => rm(folder, { recursive: true, force: true }));

const server = "https://ca.test/dir";
const { getuid = () => -1, getgid = () => -1 } = process;

/** One run of init, as far as the two files go. */
function run(options: InitOptions, before?: ReturnType<typeof configOf>) {
  const world = fakeWorld({ cwd: folder, stdin: new PassThrough().end("TOKEN=of stdin\n") });
  const io = { world, say: () => undefined, answer: () => undefined, json: false };
  const config = configOf(options, before);
  return { config, files: readAcmeFiles(options, config, io) };
}

const configOf = (
  options: InitOptions,
  before?: ReturnType<typeof wantedConfig>,
): ReturnType<typeof wantedConfig> =>
  wantedConfig(options, {
    stateDir: join(folder, "state"),
    before,
    server: "0123456789abcdef",
    owner: { name: "root", home: "/root" },
    cwd: "/",
  });

test("of a CA's file the certificates are taken and no key, of the values all", async () => {
  const options = { acmeServer: server, acmeCa: "ca.pem", dnsProvider: "x", dnsEnv: "dns.env" };
  assert.deepEqual(await run(options).files, {
    ca: `${pem}\n${pem}\n`,
    dns: {
      text: "# mine\nTOKEN='a b'\nexport URL=http://x\n",
      values: { TOKEN: "a b", URL: "http://x" },
    },
  });
  const { dns } = await run({ dnsProvider: "x", dnsEnv: "-" }).files;
  assert.deepEqual(dns?.values, { TOKEN: "of stdin" });
  assert.deepEqual(await run({ dnsProvider: "x" }).files, {});
  assert.deepEqual(await run({}).files, {});
  assert.deepEqual(await run({ acmeServer: server, acmeCa: "none" }).files, {});
  assert.deepEqual(await run({ acmeServer: server, acmeCa: "./none" }).files, { ca: `${pem}\n` });
});

test("both are kept, found again without a word, and go with what they are for", async () => {
  const said: string[] = [];
  const ensure = async ({ config, files }: ReturnType<typeof run>) => {
    const report = new Report((event) => void ("text" in event && said.push(event.text)));
    const read = await files;
    // Only root gives files to root.
    await ensureAcmeFiles(config, read, report, { uid: getuid(), gid: getgid() });
    return { config, read };
  };
  const options = { acmeServer: server, acmeCa: "ca.pem", dnsProvider: "x", dnsEnv: "dns.env" };
  const first = await ensure(run(options));
  const { acmeCa, dnsEnv } = instancePaths(first.config);
  const modeOf = async (path: string) => (await stat(path)).mode & 0o777;
  assert.deepEqual([await modeOf(acmeCa), await modeOf(dnsEnv)], [0o644, 0o600]);
  assert.deepEqual((await ensure(run({}, first.config))).read, first.read);
  await ensure(run({ acmeServer: "letsencrypt", dnsProvider: "none" }, first.config));
  for (const path of [acmeCa, dnsEnv]) await assert.rejects(readFile(path), { code: "ENOENT" });
  const again = await ensure(run(options));
  assert.deepEqual((await ensure(run({ acmeCa: "none" }, again.config))).read, {
    dns: first.read.dns,
  });
  await assert.rejects(readFile(acmeCa), { code: "ENOENT" });
  await ensure(run({ acmeCa: "ca.pem" }, again.config));
  await ensure(run({ acmeServer: "https://other.test/dir" }, again.config));
  await assert.rejects(readFile(acmeCa), { code: "ENOENT" });
  assert.deepEqual(said, [
    "certificate of the ACME server's CA: created",
    "values for the DNS provider: created",
    "certificate of the ACME server's CA: already there",
    "values for the DNS provider: already there",
    "certificate of the ACME server's CA: removed",
    "values for the DNS provider: removed",
    "certificate of the ACME server's CA: created",
    "values for the DNS provider: created",
    "certificate of the ACME server's CA: removed",
    "values for the DNS provider: already there",
    "certificate of the ACME server's CA: created",
    "values for the DNS provider: already there",
    "certificate of the ACME server's CA: removed",
    "values for the DNS provider: already there",
  ]);
});

test("a file that does not hold what it should is refused before anything is changed, and its secrets are not shown", async () => {
  await writeFile(join(folder, "none.pem"), "TOKEN=hunter2\n");
  const damaged = pem.replace(/\n.{20}/, "\nAAAAAAAAAAAAAAAAAAAA");
  await writeFile(join(folder, "bad.pem"), `${pem}\n${damaged}\n`);
  await writeFile(join(folder, "bad.env"), "A=1\nhunter2\n");
  await writeFile(join(folder, "none.env"), "# hunter2\n");
  const ca = "give the PEM file of the CA: mypaas init --acme-ca FILE";
  const kept = instancePaths(configOf({})).acmeCa;
  const before = configOf({ acmeServer: server, acmeCa: "x" });
  const cases: readonly (readonly [InitOptions, string, string])[] = [
    [{ acmeCa: "gone.pem" }, "gone.pem: does not exist", ca],
    [{ acmeCa: "." }, ".: unreadable (EISDIR)", ca],
    [{ acmeCa: "none.pem" }, "none.pem: holds no certificate", ca],
    [{ acmeCa: "bad.pem" }, "bad.pem: certificate 2 is damaged", ca],
    [{}, `${kept}: does not exist`, ca],
    [
      { acmeCa: "ca.pem", dnsProvider: "x", dnsEnv: "gone.env" },
      "gone.env: not readable",
      "name a file with lines NAME=VALUE, or - for stdin",
    ],
    [
      { acmeCa: "ca.pem", dnsProvider: "x", dnsEnv: "bad.env" },
      "bad.env:2: should be NAME=VALUE",
      "correct the line, or begin it with #",
    ],
    [
      { acmeCa: "ca.pem", dnsProvider: "x", dnsEnv: "none.env" },
      "none.env: holds no values",
      "write one NAME=VALUE on each line",
    ],
  ];
  for (const [options, message, hint] of cases)
    // oxlint-disable-next-line no-await-in-loop
    await assert.rejects(run(options, before).files, { name: "UserError", message, hint });
});
