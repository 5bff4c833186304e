import assert from "node:assert/strict";
import { test } from "node:test";
import { dynamicConfig } from "../../../src/core/routing/dynamic-config.ts";
import type { RoutingState } from "../../../src/core/routing/routing-state.ts";
import { release } from "../../support/releases.ts";

const web = (number: number, ...auth: readonly string[]) =>
  release("web", number, { routes: ["https://a.test"], spec: { auth } });
const server = {
  instance: "mypaas",
  httpsPort: 443,
  users: { web: { ann: "$2b$05$ann", bob: "$2b$05$bob" }, api: { eve: "$2b$05$eve" } },
};

/** Names of the middlewares with passwords → their users. */
const passwords = (state: Omit<RoutingState, "server">) =>
  Object.fromEntries(
    Object.entries(dynamicConfig({ ...state, server }).http.middlewares).flatMap(([name, config]) =>
      "basicAuth" in config ? [[name, config.basicAuth.users]] : [],
    ),
  );

test("every release that may have containers has its own users, with the hashes of its service", () => {
  assert.deepEqual(passwords({ live: [web(1, "ann"), release("api", 4)], switches: [] }), {
    "web-r1-auth": ["ann:$2b$05$ann"],
  });
  const one = { service: "web", to: web(2, "bob", "ann"), from: web(1, "ann") } as const;
  for (const phase of ["held", "cut-over"] as const)
    assert.deepEqual(passwords({ live: [], switches: [{ ...one, mode: "serving", phase }] }), {
      "web-r1-auth": ["ann:$2b$05$ann"],
      "web-r2-auth": ["bob:$2b$05$bob", "ann:$2b$05$ann"],
      "web-r2-auth-wait": ["ann:$2b$05$ann"],
    });
});

test("where no user has a password nobody can pass, because Traefik would drop the router", () => {
  const { "web-r1-auth": users = [] } = passwords({ live: [web(1, "eve")], switches: [] });
  assert.equal(users.length, 1);
  assert.match(users[0] ?? "", /^-:\$2b\$05\$[./A-Za-z0-9]{53}$/);
});

test("a user that has a name of Object has no password", () => {
  const { "web-r1-auth": users = [] } = passwords({
    live: [web(1, "constructor", "ann")],
    switches: [],
  });
  assert.deepEqual(users, ["ann:$2b$05$ann"]);
});
