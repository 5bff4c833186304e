import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { request } from "node:https";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../../scripts/machine/ports.ts";
import type { DnsServer } from "./dns-server.ts";
import { makeCa, makeLeaf } from "./test-ca.ts";

/** A certificate authority that speaks ACME: Debian's Pebble, which asks the name server of the test. */
export interface Pebble {
  /** URL of the ACME directory, for `caServer`. */
  readonly directory: string;
  /** Path of the PEM file with the CA behind Pebble's own https, for `caCertificates`. */
  readonly caFile: string;
  /** PEM of the root that this run issues under; a restart makes another one. */
  readonly root: () => Promise<string>;
  /** PEM of the intermediate that signs. */
  readonly intermediate: () => Promise<string>;
  /** Orders so far, over all restarts. */
  readonly orders: () => number;
  /** The name of each challenge that it checked, in order: once for each order, without `*.`. */
  readonly checked: () => readonly string[];
  /** All that it printed so far, over all restarts. */
  readonly log: () => string;
  readonly stop: () => Promise<void>;
  /** Starts it again on the same ports; it has then forgotten every account. */
  readonly start: () => Promise<void>;
  /** Lets it take connections and say nothing, as one that is overloaded does; with false it goes on. */
  readonly pause: (on: boolean) => void;
  readonly close: () => Promise<void>;
}

const binary = "/usr/bin/pebble";

/** Starts it on free ports; needs Debian's package `pebble`. `address` is one that Traefik's container reaches. */
export async function startPebble(options: {
  readonly dns: DnsServer;
  readonly address: string;
  /** Where it looks for HTTP-01 answers; 80, if not given. */
  readonly httpPort?: number;
  /** Of the certificates that it issues. */
  readonly validitySeconds?: number;
}): Promise<Pebble> {
  const { dns, address, httpPort = 80, validitySeconds } = options;
  const folder = await mkdtemp(join(tmpdir(), "mypaas-pebble-"));
  const path = (name: string) => join(folder, name);
  const ca = await makeCa("Pebble's own https");
  const leaf = await makeLeaf({ ca, hosts: ["localhost"], ips: ["127.0.0.1", address] });
  const port = await freePort();
  const managementPort = await freePort();
  const config = {
    listenAddress: `0.0.0.0:${port}`,
    managementListenAddress: `127.0.0.1:${managementPort}`,
    certificate: path("leaf.pem"),
    privateKey: path("leaf.key"),
    httpPort,
    tlsPort: 443,
    certificateValidityPeriod: validitySeconds,
  };
  await writeFile(path("ca.pem"), ca.cert);
  await writeFile(path("leaf.pem"), leaf.chain);
  await writeFile(path("leaf.key"), leaf.key);
  await writeFile(path("config.json"), JSON.stringify({ pebble: config }));

  let log = "";
  let child: ChildProcess | undefined;
  const start = async (): Promise<void> => {
    child = spawn(
      binary,
      ["-config", path("config.json"), "-dnsserver", `127.0.0.1:${dns.port}`, "-strict=false"],
      { cwd: folder, env: quick, stdio: ["ignore", "pipe", "pipe"] },
    );
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding("utf8").on("data", (chunk: string) => (log += chunk));
    for (const wanted of [port, managementPort])
      if (!(await isListening(wanted))) throw new Error(`pebble: does not listen\n${log}`);
  };
  const stop = async (): Promise<void> => {
    const ending = child;
    child = undefined;
    if (ending === undefined || ending.exitCode !== null) return;
    ending.kill("SIGKILL");
    await once(ending, "close");
  };
  const ask = (route: string) => get(`https://127.0.0.1:${managementPort}${route}`, ca.cert);
  await start();
  return {
    directory: `https://${address}:${port}/dir`,
    caFile: path("ca.pem"),
    root: () => ask("/roots/0"),
    intermediate: () => ask("/intermediates/0"),
    orders: () => log.split("POST /order-plz ").length - 1,
    checked: () => [...log.matchAll(/ task .* Value:"([^"]+)"/g)].map(([, name = ""]) => name),
    log: () => log,
    stop,
    start,
    pause: (on) => void child?.kill(on ? "SIGSTOP" : "SIGCONT"),
    close: async () => {
      await stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** No pauses, no refusals by chance, and every order proves its names anew. */
const quick = { PEBBLE_VA_NOSLEEP: "1", PEBBLE_WFE_NONCEREJECT: "0", PEBBLE_AUTHZREUSE: "0" };

async function get(url: string, ca: string): Promise<string> {
  const asked = request(url, { ca, agent: false, signal: AbortSignal.timeout(10_000) }).end();
  const [response] = (await once(asked, "response")) as [NodeJS.ReadableStream];
  return text(response);
}

async function isListening(port: number): Promise<boolean> {
  for (let round = 0; round < 100; round += 1) {
    const socket = connect(port, "127.0.0.1");
    try {
      await once(socket, "connect");
      return true;
    } catch {
      await sleep(50);
    } finally {
      socket.destroy();
    }
  }
  return false;
}
