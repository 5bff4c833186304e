import assert from "node:assert/strict";
import { test } from "node:test";
import type { Event } from "../../../src/core/wire/events.ts";
import { sayOfCa } from "../../../src/cli/init/certificate-authority.ts";
import { testConfig } from "../../support/worker.ts";

const ca = (server: string) => ({ acme: { server, hasCa: false, lifetimeHours: 24 } });
// Nobody listens on port 1.
const [one, other] = ["https://127.0.0.1:1/one", "https://127.0.0.2:1/other"];

async function said(options: object, before: object | undefined, after: object) {
  const events: Event[] = [];
  const config = testConfig("/tmp/x", after);
  const earlier = before && testConfig("/tmp/x", before);
  const io = { say: (event: Event) => void events.push(event) };
  await sayOfCa({ options, before: earlier, config, ca: undefined }, io);
  return events.map((event) => ("text" in event ? event.text : event.kind));
}

test("certificates: init says that another CA begins anew, and that one just named does not answer", async () => {
  const email = "ann@example.com";
  assert.deepEqual(
    await said({ acmeServer: other }, { email, ...ca(one) }, { email, ...ca(other) }),
    [
      "certificates of 127.0.0.1:1 are kept but no longer served; mypaas requests new ones from 127.0.0.2:1",
      "the CA 127.0.0.2:1 cannot be reached: connect ECONNREFUSED 127.0.0.2:1",
    ],
  );
});

test("certificates: init says nothing of a CA that stays, or that nobody is to ask", async () => {
  const email = "ann@example.com";
  assert.deepEqual(await said({}, { email, ...ca(one) }, { email, ...ca(one) }), []);
  assert.deepEqual(await said({ acmeServer: one }, undefined, ca(one)), []);
});
