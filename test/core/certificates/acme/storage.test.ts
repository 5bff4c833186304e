import assert from "node:assert/strict";
import { test } from "node:test";
import {
  isBrokenStorage,
  withoutReplaced,
} from "../../../../src/core/certificates/acme/storage.ts";

const certificate = (main: string, ...sans: readonly string[]) => ({
  domain: { main, ...(sans.length > 0 && { sans }) },
  certificate: "PEM",
  key: "KEY",
  Store: "default",
});
const storage = {
  acme: {
    Account: { Email: "ann@example.com" },
    Certificates: [certificate("a.test"), certificate("b.test", "www.b.test")],
  },
  "acme-dns": { Account: null, Certificates: [certificate("*.c.test")] },
};

test("only certificates with the names of a manual one are removed, and accounts stay", () => {
  const left = withoutReplaced(JSON.stringify(storage), [["WWW.b.test", "b.test"], ["*.c.test"]]);
  assert.deepEqual(left?.dropped, ["b.test, www.b.test", "*.c.test"]);
  assert.deepEqual(JSON.parse(left?.text ?? ""), {
    acme: { ...storage.acme, Certificates: [certificate("a.test")] },
    "acme-dns": { Account: null, Certificates: [] },
  });
});

test("a truncated store is broken, an empty one is not", () => {
  const text = JSON.stringify(storage);
  assert.deepEqual([text, text.slice(0, -5), "", " ", "{}", "null", "[1]"].map(isBrokenStorage), [
    false,
    true,
    false,
    false,
    false,
    true,
    true,
  ]);
});

test("a store without such names or certificates, or another kind of file, stays as it is", () => {
  const own = [["x.test"], ["b.test"]];
  assert.equal(withoutReplaced(JSON.stringify(storage), own), undefined);
  assert.equal(withoutReplaced(JSON.stringify({ acme: { Certificates: null } }), own), undefined);
  for (const text of ["", "{", "[1]", "null", '"x"', "{}"])
    assert.equal(withoutReplaced(text, own), undefined);
});
