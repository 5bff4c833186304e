import assert from "node:assert/strict";
import { test } from "node:test";
import {
  addressAndPort,
  bindsOf,
  onlyFamily,
  publishedOn,
  reachableAt,
  relayedOn,
} from "../../../src/core/server/listening.ts";

const cases = [
  // As 0.1.0 stored it.
  ["0.0.0.0", ["0.0.0.0"], [], "IPv4", "127.0.0.1"],
  ["::", ["::"], [], "IPv6", "::1"],
  [["0.0.0.0", "::"], ["0.0.0.0"], ["::"], undefined, "127.0.0.1"],
  [["::"], [], ["::"], "IPv6", "::1"],
  [["2001:db8::1", "10.0.0.1"], ["10.0.0.1"], ["2001:db8::1"], undefined, "10.0.0.1"],
] as const;

for (const [bind, published, relayed, only, reachable] of cases)
  test(`${JSON.stringify(bind)}: Docker publishes ${published.join(" ") || "nothing"}, the relay has ${relayed.join(" ") || "nothing"}`, () => {
    assert.deepEqual(publishedOn({ bind }), published);
    assert.deepEqual(relayedOn({ bind }), relayed);
    assert.equal(onlyFamily({ bind }), only);
    assert.equal(reachableAt({ bind }), reachable);
    assert.deepEqual(bindsOf({ bind }), [bind].flat());
  });

test("an IPv6 address stands in brackets before a port", () => {
  assert.equal(addressAndPort("::", 80), "[::]:80");
  assert.equal(addressAndPort("10.0.0.1", 80), "10.0.0.1:80");
});
