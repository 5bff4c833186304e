import assert from "node:assert/strict";
import { connect, type ClientHttp2Session } from "node:http2";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { startAcmeServer, type AcmeServer } from "../support/acme-e2e.ts";
import { declare } from "../support/changes-e2e.ts";
import { startProber } from "../support/prober.ts";

let acme: AcmeServer;
const deploys = 10;

before(async () => {
  acme = await startAcmeServer("t-e2etls", "127.77.1.7");
  acme.point("tls.test");
});
after(() => acme?.remove());

test("ten deploys under 200 requests a second over https: fresh handshakes and HTTP/2 streams, none lost, never another certificate", async () => {
  const { server, pebble, address } = acme;
  const keys = ["domain = tls.test", "https = true", "port = 3000", "scale = 2"];
  const web = await declare(server, "tls", keys);
  await server.mustPush(web);
  await acme.until("tls.test", ["issued"], 60);
  const ca = await pebble.root();
  // Each handshake is checked: the name, and that this CA has issued it.
  const load = startProber({
    address,
    port: 443,
    host: "tls.test",
    https: true,
    ca,
    perSecond: 150,
    maxRequests: 60_000,
    slowPath: "/slow",
    echoPath: "/echo",
  });
  const streams = startStreams({ address, ca, perSecond: 50 });
  for (let n = 1; n <= deploys; n += 1) {
    // oxlint-disable-next-line no-await-in-loop
    await web.write("page.txt", `page ${n}`);
    // oxlint-disable-next-line no-await-in-loop
    await server.mustPush(web);
  }
  const [report, h2] = await Promise.all([load.stop(), streams.stop()]);
  const { sent, failed, oldAfterNew, reasons } = report;
  console.log(
    `${deploys} deploys over https: ${sent} requests, ${failed} failed, ${oldAfterNew} old after new; ${h2.sent} HTTP/2 streams, ${h2.failed.length} failed; ${pebble.orders()} orders`,
  );
  assert.deepEqual([failed, oldAfterNew, reasons], [0, 0, {}]);
  assert.equal(report.answered, sent);
  assert.deepEqual(h2.failed, []);
  assert.ok(sent > 1_000 && h2.sent > 300);
  assert.equal(pebble.orders(), 1);
});

/** Streams at a steady rate over one session, which a new one follows every second. */
function startStreams(options: {
  readonly address: string;
  readonly ca: string;
  readonly perSecond: number;
}) {
  const { address, ca, perSecond } = options;
  const failed: string[] = [];
  const pending = new Set<Promise<void>>();
  let sent = 0;
  let isOver = false;
  const open = (): ClientHttp2Session => {
    const session = connect("https://tls.test", { host: address, ca } as object);
    session.on("error", (error) => failed.push(`session: ${error.message}`));
    return session;
  };
  const stream = (session: ClientHttp2Session): Promise<void> =>
    new Promise((resolve) => {
      const asked = session.request({ ":path": "/" });
      asked.on("response", ({ ":status": status }) => {
        if (status !== 200) failed.push(`status ${status}`);
      });
      asked.on("error", (error) => failed.push(error.message));
      asked.on("close", resolve);
      asked.resume().end();
    });
  const running = (async () => {
    while (!isOver) {
      const session = open();
      for (let n = 0; n < perSecond && !isOver; n += 1) {
        sent += 1;
        const one = stream(session);
        pending.add(one);
        void one.finally(() => pending.delete(one));
        // oxlint-disable-next-line no-await-in-loop
        await sleep(1000 / perSecond);
      }
      session.close();
    }
    await Promise.all(pending);
  })();
  return {
    stop: async () => {
      isOver = true;
      await running;
      return { sent, failed };
    },
  };
}
