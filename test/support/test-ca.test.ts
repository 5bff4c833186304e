import assert from "node:assert/strict";
import { X509Certificate, createPrivateKey } from "node:crypto";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { connect, createServer } from "node:tls";
import { makeCa, makeLeaf, type TestCa, type TestLeaf } from "./test-ca.ts";

/** What a TLS client says that trusts only this root: `ok`, or the code of its error. */
async function verdict(root: TestCa, leaf: TestLeaf, servername: string): Promise<string> {
  const server = createServer({ key: leaf.key, cert: leaf.chain }, (socket) => socket.end());
  server.on("tlsClientError", () => undefined);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const socket = connect({ port, host: "127.0.0.1", servername, ca: root.cert });
  const said = await Promise.race([
    once(socket, "secureConnect").then(() => "ok"),
    new Promise<string>((resolve) =>
      socket.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? "")),
    ),
  ]);
  socket.destroy();
  server.close();
  return said;
}

const hosts = ["a.test", "*.b.test"];
const past = new Date(Date.now() - 3_600_000);
const future = new Date(Date.now() + 3_600_000);

for (const keyType of ["ec", "rsa"] as const)
  test(`a chain of three with ${keyType} keys is believed by who trusts the root`, async () => {
    const root = await makeCa("root", { keyType });
    const ca = await makeCa("intermediate", { issuer: root });
    const leaf = await makeLeaf({ ca, hosts, ips: ["127.0.0.1", "::1"] });
    assert.deepEqual(
      await Promise.all(["a.test", "x.b.test", "c.test"].map((name) => verdict(root, leaf, name))),
      ["ok", "ok", "ERR_TLS_CERT_ALTNAME_INVALID"],
    );
    assert.equal(leaf.chain, leaf.cert + ca.cert);
    const certificate = new X509Certificate(leaf.cert);
    assert.equal(certificate.checkIP("127.0.0.1"), "127.0.0.1");
    assert.ok(certificate.checkPrivateKey(createPrivateKey(leaf.key)));
    assert.equal(createPrivateKey(leaf.key).asymmetricKeyType, keyType);
    const [alone] = [{ ...leaf, chain: leaf.cert }];
    assert.equal(await verdict(root, alone, "a.test"), "UNABLE_TO_VERIFY_LEAF_SIGNATURE");
  });

test("a certificate may be over, or not yet begun, or of another authority", async () => {
  const root = await makeCa("root");
  const other = await makeCa("other");
  const over = await makeLeaf({ ca: root, hosts, until: past });
  const later = await makeLeaf({ ca: root, hosts, from: future });
  const strange = await makeLeaf({ ca: other, hosts });
  assert.deepEqual(
    await Promise.all([over, later, strange].map((leaf) => verdict(root, leaf, "a.test"))),
    ["CERT_HAS_EXPIRED", "CERT_NOT_YET_VALID", "UNABLE_TO_VERIFY_LEAF_SIGNATURE"],
  );
});
