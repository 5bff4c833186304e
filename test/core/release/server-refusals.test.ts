import assert from "node:assert/strict";
import { test } from "node:test";
import {
  refusedRoutes,
  withOwnHost,
  type ServerNames,
} from "../../../src/core/release/server-refusals.ts";

const route = (host: string, https = true, path = "") => ({ host, path, https });

const noDomain = {
  code: "no-domain",
  message: "route auto: this server has no domain",
  hint: "name a domain in the Dockerfile, or run on the server: mypaas init --domain HOST",
};
const ownName = {
  code: "server-domain",
  message: "route paas.test: is the server's own name",
  hint: "choose another domain, such as my-web.paas.test",
};
const wildcard = {
  code: "wildcard-https",
  message: "domain *.b.test: https for a wildcard domain needs DNS-01 on the server",
  hint: "run on the server: sudo mypaas init --dns-provider NAME --dns-env FILE, or leave out mypaas.https",
};

const cases: readonly (readonly [string, ReturnType<typeof route>, ServerNames, object?])[] = [
  ["a plain host is taken", route("a.test"), {}],
  ["auto needs a domain", route("auto"), {}, noDomain],
  ["auto with a domain is taken", route("auto"), { domain: "paas.test" }],
  ["the server keeps its own name", route("paas.test", false), { domain: "paas.test" }, ownName],
  ["a name below it is taken", route("x.paas.test"), { domain: "paas.test" }],
  ["a wildcard with https needs DNS-01", route("*.b.test"), {}, wildcard],
  ["a server that says no has none", route("*.b.test"), { wildcards: false }, wildcard],
  ["with DNS-01 a wildcard is taken", route("*.b.test"), { wildcards: true }],
  ["a wildcard without https is taken", route("*.b.test", false), {}],
];
for (const [title, one, server, refusal] of cases)
  test(`${title}`, () => {
    assert.deepEqual(refusedRoutes([one], server, "my-web"), refusal ? [refusal] : []);
  });

test("everything that is refused is said once, in the order of the file", () => {
  const routes = [route("auto"), route("*.b.test"), route("auto", true, "/docs"), route("a.test")];
  assert.deepEqual(refusedRoutes(routes, {}, "my-web"), [noDomain, wildcard]);
});

test("auto stands for a name below the server's, and nothing else changes", () => {
  const server = { domain: "paas.test" };
  const own = withOwnHost(route("auto", true, "/docs"), server, "my-web");
  assert.deepEqual(own, route("my-web.paas.test", true, "/docs"));
  assert.deepEqual(withOwnHost(route("a.test"), server, "my-web"), route("a.test"));
});
