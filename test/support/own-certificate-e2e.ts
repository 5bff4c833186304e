import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { TestServer } from "./mypaas-e2e.ts";
import { makeCa, makeLeaf, type TestLeaf } from "./test-ca.ts";

/** Brings a certificate of a CA of the test for these hosts, as `mypaas cert add` does for the first of them. */
export async function certify(server: TestServer, hosts: readonly string[]): Promise<TestLeaf> {
  const ca = await makeCa("Test CA");
  const leaf = await makeLeaf({ ca, hosts });
  const [host = ""] = hosts;
  const place = (name: string) => join(server.instance.folder, `${host}.${name}`);
  await writeFile(place("pem"), leaf.chain + ca.cert);
  await writeFile(place("key"), leaf.key);
  await server.must(["cert", "add", host, place("pem"), place("key"), "-r", "prod"]);
  return leaf;
}
