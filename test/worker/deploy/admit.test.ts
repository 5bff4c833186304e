import assert from "node:assert/strict";
import { test } from "node:test";
import type { ServiceSpec } from "../../../src/core/release/spec.ts";
import { admit, type ServerView } from "../../../src/worker/deploy/admit.ts";
import { release } from "../../support/releases.ts";
import { refusal } from "../../support/worker.ts";

const spec = (more: Partial<ServiceSpec> = {}): ServiceSpec =>
  release("web", 1, { spec: more }).spec;
const owner = { name: "ann", home: "/home/ann" };
const route = (host: string, path = "") => ({ host, path, https: true });
const view = (more: Partial<ServerView> = {}): ServerView => ({
  config: { domain: "paas.example.com", owner, volumes: { allow: ["/srv/data/"] } },
  live: [],
  slugOwner: undefined,
  env: {},
  secretFiles: {},
  values: {},
  ...more,
});

test("admit: auto becomes the service's name below the server's", () => {
  assert.deepEqual(admit(spec({ routes: [route("auto", "/x")] }), view()).routes, [
    route("web.paas.example.com", "/x"),
  ]);
});

test("admit: a redirect to auto leads to the service's name below the server's", () => {
  const lead = (host: string) => [{ ...route("old.example.com"), to: route(host) }];
  assert.deepEqual(
    admit(spec({ routes: lead("auto") }), view()).routes,
    lead("web.paas.example.com"),
  );
});

test("admit: a user may have lost the password where a release is repeated", () => {
  assert.doesNotThrow(() => admit(spec({ auth: ["ann"] }), view()));
});

test("admit: its own routes, another path of a host and a free slug are fine", () => {
  const live = [
    release("web", 1, { routes: ["https://a.example.com"] }),
    release("blog", 1, { routes: ["https://a.example.com/blog"] }),
  ];
  assert.doesNotThrow(() =>
    admit(spec({ routes: [route("a.example.com")] }), view({ live, slugOwner: "web" })),
  );
});

test("admit: a route may be taken from the service named, and one that was yielded is free", () => {
  const routes = [route("app.example.com")];
  const blog = release("blog", 3, { routes: ["https://app.example.com"] });
  assert.doesNotThrow(() => admit(spec({ routes }), view({ live: [blog], takeFrom: "blog" })));
  assert.doesNotThrow(() =>
    admit(spec({ routes }), view({ live: [{ ...blog, yielded: routes }], underWay: ["blog"] })),
  );
  assert.doesNotThrow(() => admit(spec({ routes }), view({ takeFrom: "blog" })));
});

const refusals: readonly (readonly [string, Partial<ServiceSpec>, Partial<ServerView>, string])[] =
  [
    [
      "a slug of another service",
      {},
      { slugOwner: "w.eb" },
      'service web: service "w.eb" has the same Docker name, web\nhint: choose another mypaas.servicename',
    ],
    [
      "a user without a password",
      { auth: ["ann", "bob", "eve"] },
      { users: ["ann"] },
      "auth bob: has no password on the server\nhint: run: mypaas auth web set bob",
    ],
    [
      "a redirect whose host is a route of another service",
      { routes: [{ ...route("www.example.com"), to: route("example.com") }] },
      { live: [release("blog", 3, { routes: ["http://www.example.com"] })] },
      'route www.example.com: already used by service "blog"\nhint: choose another domain, or take it over: mypaas push --take-from blog',
    ],
    [
      "a route of another service",
      { routes: [route("app.example.com")] },
      { live: [release("blog", 3, { routes: ["http://app.example.com"] })] },
      'route app.example.com: already used by service "blog"\nhint: choose another domain, or take it over: mypaas push --take-from blog',
    ],
    [
      "a route of another service than the one to take from",
      { routes: [route("app.example.com", "/x")] },
      { live: [release("blog", 3, { routes: ["http://app.example.com/x"] })], takeFrom: "shop" },
      'route app.example.com/x: already used by service "blog"\nhint: choose another domain, or take it over: mypaas push --take-from blog',
    ],
    [
      "to take a route from a service that is being deployed",
      { routes: [route("app.example.com")] },
      {
        live: [release("blog", 3, { routes: ["http://app.example.com"] }), release("blog", 4)],
        underWay: ["blog"],
        takeFrom: "blog",
      },
      'route app.example.com: service "blog" is being deployed and may need it\nhint: push again when that has ended: mypaas push --take-from blog',
    ],
    [
      "the server's own name",
      { routes: [route("paas.example.com")] },
      {},
      "route paas.example.com: is the server's own name\nhint: choose another domain, such as web.paas.example.com",
    ],
    [
      "auto without a domain",
      { routes: [route("auto")] },
      { config: { owner, volumes: { allow: [] } } },
      "route auto: this server has no domain\nhint: name a domain in the Dockerfile, or run on the server: mypaas init --domain HOST",
    ],
    [
      "values that nobody set, all of them",
      {
        env: [
          { name: "A", value: undefined },
          { name: "B", value: "x" },
          { name: "C", value: undefined },
          { name: "D", value: undefined },
        ],
      },
      { env: { D: "" } },
      "env A, C: not set on the server\nhint: run: mypaas env web set A=… C=…",
    ],
  ];

for (const [title, specMore, viewMore, expected] of refusals) {
  test(`admit refuses ${title}`, async () => {
    assert.equal(await refusal(() => admit(spec(specMore), view(viewMore))), expected);
  });
}
