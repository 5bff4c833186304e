import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import type { TestServer } from "./mypaas-e2e.ts";
import type { Said } from "./said-e2e.ts";
import { nodeImage } from "./images.ts";
import { startProber, type Prober, type ProberOptions, type ProberReport } from "./prober.ts";
import { makeSource, type Source } from "./source-e2e.ts";
import { askerAt } from "./traefik-asker.ts";

/** A service whose comments are just these, `servicename` aside. */
export async function declare(
  server: TestServer,
  service: string,
  keys: readonly string[],
): Promise<Source> {
  const source = await makeSource(server, service);
  await redeclare(source, keys);
  return source;
}

export async function redeclare(source: Source, keys: readonly string[]): Promise<void> {
  const comments = [`servicename = ${source.service}`, ...keys].map((key) => `# mypaas.${key}`);
  const lines = [`FROM ${nodeImage}`, "WORKDIR /app", "COPY . ./", 'CMD ["node", "server.js"]'];
  await source.write("Dockerfile", `${[...comments, ...lines].join("\n")}\n`);
}

/** What a load saw, and the answers of one client that asked again and again beside it, each change once. */
export interface Seen extends ProberReport {
  readonly order?: readonly string[];
}

/** 200 requests a second to a URL, until the promise given has settled and half a second more. */
export async function under(
  server: TestServer,
  url: string,
  work: () => Promise<unknown>,
): Promise<Seen> {
  const load = loadOn(server, url);
  const client = watch(server, url);
  try {
    await sleep(300);
    await work();
    await sleep(500);
  } finally {
    await Promise.all([load.stop(), client.stop()]);
  }
  return { ...(await load.stop()), order: await client.stop() };
}

/** One client that never asks before it has its answer. */
function watch(server: TestServer, url: string) {
  const { httpPort: http, httpsPort: https } = server.instance;
  const { fetchUrl } = askerAt({ http, https });
  const order: string[] = [];
  let isOver = false;
  const asking = (async () => {
    while (!isOver) {
      const { status, headers } = await fetchUrl(url);
      const who = status === 200 ? (headers.get("x-mypaas-release") ?? "none") : String(status);
      if (who !== order.at(-1)) order.push(who);
      await sleep(10);
    }
    return order;
  })();
  // Whoever stops it hears of it.
  asking.catch(() => {});
  return {
    stop: () => {
      isOver = true;
      return asking;
    },
  };
}

export function loadOn(server: TestServer, url: string, more: Partial<ProberOptions> = {}): Prober {
  const { protocol, hostname, pathname } = new URL(url);
  const https = protocol === "https:";
  const { httpPort, httpsPort } = server.instance;
  return startProber({
    address: server.address,
    port: https ? httpsPort : httpPort,
    host: hostname,
    https,
    path: pathname,
    perSecond: 200,
    maxRequests: 12_000,
    ...more,
  });
}

/** Pushes a change and tells when the hold is in force: from then on requests to a new place wait for it. */
export async function pushHeld(server: TestServer, source: Source, args: readonly string[] = []) {
  const pushing = server.startPush(source, args);
  await pushing.saw((event) => event.kind === "step" && event.text.startsWith("starting "));
  return async (): Promise<Said> => {
    const said = await pushing.done;
    assert.equal(said.code, 0, said.out + said.err);
    await server.settled(source.service);
    return said;
  };
}

/** Prints what was counted; nothing failed, and these releases answered, none after its successor. */
export function assertLossless(what: string, report: Seen, releases: readonly string[]): void {
  tell(what, report);
  assert.deepEqual(report.order ?? releases, releases);
  const { failed, oldAfterNew, reasons, byRelease, sent, answered } = report;
  assert.deepEqual({ failed, oldAfterNew, reasons }, { failed: 0, oldAfterNew: 0, reasons: {} });
  assert.equal(answered, sent);
  assert.deepEqual(Object.keys(byRelease), releases);
}

/** Prints what was counted where the user takes a place away: these releases answered and then `status` did, never one in between. */
export function assertTakenAway(
  what: string,
  report: Seen,
  expected: { readonly releases: readonly string[]; readonly status: number },
): void {
  tell(what, report);
  const order = [...expected.releases, String(expected.status)];
  assert.deepEqual(report.order ?? order, order);
  const { byRelease, oldAfterNew, reasons } = report;
  assert.deepEqual(Object.keys(byRelease), expected.releases);
  assert.equal(oldAfterNew, 0);
  const statuses = new Set(Object.keys(reasons).map((reason) => reason.split(": ")[1]));
  assert.deepEqual([...statuses], [`status ${expected.status}`]);
}

function tell(
  what: string,
  { sent, leftOut, failed, oldAfterNew, byRelease, reasons, longest }: ProberReport,
) {
  const counts = `${sent} sent, ${leftOut} left out, ${failed} failed, ${oldAfterNew} old after new`;
  const bad = failed === 0 ? "" : `, ${JSON.stringify(reasons)}`;
  console.log(`${what}: ${counts}, longest ${longest} ms, ${JSON.stringify(byRelease)}${bad}`);
}
