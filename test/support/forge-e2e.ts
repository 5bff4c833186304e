import { appendFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { instancePaths } from "../../src/core/server/instance.ts";
import { bridgeAddress } from "./bridge-address.ts";
import { startDns, type DnsServer } from "./dns-server.ts";
import { startForge, type Forge } from "./forge.ts";
import type { TestServer } from "./mypaas-e2e.ts";
import { makeCa, makeLeaf } from "./test-ca.ts";

/** A forge called `forge.test`, with the DNS server and the CA that it needs. */
export interface ForgePlace {
  readonly forge: Forge;
  readonly dns: DnsServer;
  /** The address of forge and DNS server, which containers reach. */
  readonly address: string;
  /** A repository and its branch, as a link names them. */
  readonly url: (repository: string, branch?: string) => string;
  /** Lets the worker of a server reach the forge, as its operator would; more ports of it may be named. */
  readonly allowOn: (server: TestServer, ports?: readonly number[]) => Promise<void>;
  readonly close: () => Promise<void>;
}

/** Starts it; `folder` holds its repositories. */
export async function startForgePlace(folder: string): Promise<ForgePlace> {
  const address = await bridgeAddress();
  const dns = await startDns([address]);
  dns.set("forge.test", { A: [address] });
  const ca = await makeCa("forge CA");
  const forge = await startForge(
    folder,
    await makeLeaf({ ca, hosts: ["forge.test"], ips: [address] }),
  );
  const caFile = join(folder, "ca.pem");
  await writeFile(caFile, ca.cert);
  return {
    forge,
    dns,
    address,
    url: (repository, branch = "main") =>
      `https://forge.test:${forge.port}/${repository}#${branch}`,
    allowOn: async (server, ports = []) => {
      // Exceptions are the operator's to make, in the file.
      const allowed = [forge.port, ...ports].map((port) => JSON.stringify(`${address}:${port}`));
      const { config } = instancePaths(server.instance);
      await appendFile(
        config,
        `\nresolvers: ["${address}:${dns.port}"]\negress:\n  allow: [${allowed.join(", ")}]\n`,
      );
      const env = { ...server.instance.env, NODE_EXTRA_CA_CERTS: caFile };
      server.instance = { ...server.instance, env };
      await server.stopWorker();
      await server.startWorker();
    },
    close: async () => {
      forge.close();
      await dns.close();
    },
  };
}
