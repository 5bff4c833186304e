import assert from "node:assert/strict";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { initArgs } from "../../scripts/machine/instance.ts";
import { instancePaths } from "../../src/core/server/instance.ts";
import { startAcmeServer, type AcmeServer } from "../support/acme-e2e.ts";
import { declare } from "../support/changes-e2e.ts";
import { certify } from "../support/own-certificate-e2e.ts";

let acme: AcmeServer;
const domain = "localhost.mypaas.test";

before(async () => {
  acme = await startAcmeServer("t-e2ename", "127.77.1.6");
});
after(() => acme?.remove());

const version = (remote: string, env: Readonly<Record<string, string>> = {}) =>
  acme.server.run(["remote", "show", remote], { env });

test("the server's own name gets a certificate, and a remote without a pin is enough then", async () => {
  const { server } = acme;
  acme.point(domain);
  await server.must([...initArgs(server.instance), "--domain", domain]);
  await server.stopWorker();
  await server.startWorker();
  const info = await acme.until(domain, ["issued"], 60);
  assert.deepEqual(info.services, []);
  const root = join(server.instance.folder, "root.pem");
  await writeFile(root, await acme.pebble.root());
  const [, id = ""] = /srv=([0-9a-f]+)/.exec(server.line) ?? [];
  // Names of the test are known to no resolver of this machine, so the laptop looks this one up by itself.
  const hosts = { NODE_EXTRA_CA_CERTS: root, NODE_OPTIONS: `--import=${await lookUpHere(domain)}` };
  await server.must(["remote", "add", "named", `https://${domain}#srv=${id}`]);
  const named = await version("named", hosts);
  assert.equal(named.code, 0, named.out + named.err);
  // The line with the pin goes on working, and so it does with the name and the pin.
  assert.equal((await version("prod")).code, 0);
  const pinned = server.line.replace(/https:\/\/[^#]+/, `https://${domain}`);
  await server.must(["remote", "add", "both", pinned]);
  assert.equal((await version("both", hosts)).code, 0);
  // Without the CA that issued it nobody believes it, and the way out is named.
  const stranger = await version("named", { NODE_OPTIONS: hosts.NODE_OPTIONS });
  assert.equal(stranger.code, 1);
  assert.match(stranger.err, /its certificate is not trusted/);
});

test("a domain that is found by itself, below the server's own name, has a certificate as well", async () => {
  const { server } = acme;
  acme.point(`shop.${domain}`);
  const shop = await declare(server, "shop", ["domain = auto", "https = true", "port = 3000"]);
  const said = await server.mustPush(shop);
  const [live] = said.events.filter((event) => event.kind === "live");
  assert.deepEqual(live?.urls, [`https://shop.${domain}`]);
  assert.equal((await acme.cert(`shop.${domain}`)).state, "issued");
  assert.equal((await server.get(`shop.${domain}`)).status, 301);
});

test("a wrong pin is a hard stop with an explanation", async () => {
  const { server } = acme;
  const wrong = server.line.replace(/pin=.{43}/, `pin=${"A".repeat(43)}`);
  await server.must(["remote", "add", "wrong", wrong]);
  const { code, err } = await server.run(["ps", "-r", "wrong"]);
  assert.equal(code, 1);
  console.log(err.trim());
  assert.match(err, /does not have the key that this remote expects/);
  assert.match(err, /another server may intercept this connection; mypaas sent nothing/);
  assert.doesNotMatch(err, /\?\s*$|\[y\/N\]/);
});

test("a key that has changed is a hard stop too, until the new line is taken", async () => {
  const { server } = acme;
  await server.stopWorker();
  const paths = instancePaths(server.instance);
  await rm(paths.identity);
  const { out } = await server.must(initArgs(server.instance));
  await server.startWorker();
  const { code, err } = await server.run(["ps", "-r", "prod"]);
  assert.equal(code, 1);
  assert.match(err, /does not have the key that this remote expects/);
  const [line = ""] = /https:\/\/\S+#srv=[^'"\s]+/.exec(out) ?? [];
  await server.must(["remote", "add", "prod", line.replace(domain, acme.address)]);
  assert.equal((await server.run(["ps", "-r", "prod"])).code, 0);
});

test("a certificate for the server's name may be brought as well", async () => {
  await certify(acme.server, [domain]);
  assert.ok(["own", "issued"].includes((await acme.cert(domain)).state));
});

/** A module that makes one name lead to the server, as /etc/hosts would. */
async function lookUpHere(name: string): Promise<string> {
  const file = join(acme.server.instance.folder, "look-up.mjs");
  const text = `import dns from "node:dns";
const real = dns.lookup;
dns.lookup = (host, options, done) => {
  const all = typeof options === "object" && options.all;
  const answer = typeof options === "function" ? options : done;
  if (host !== ${JSON.stringify(name)}) return real(host, options, done);
  if (all) answer(null, [{ address: ${JSON.stringify(acme.address)}, family: 4 }]);
  else answer(null, ${JSON.stringify(acme.address)}, 4);
};
`;
  await writeFile(file, text);
  return file;
}
