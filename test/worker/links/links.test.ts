import assert from "node:assert/strict";
import { createHmac, randomBytes } from "node:crypto";
import { test, type TestContext } from "node:test";
import { UserError } from "../../../src/core/errors.ts";
import { parseKeyLine } from "../../../src/core/ssh/authorized-keys.ts";
import { insertJob } from "../../../src/adapters/state/jobs.ts";
import { addKey, removeKey } from "../../../src/adapters/state/keys.ts";
import { findLink, pinHostKey } from "../../../src/adapters/state/links.ts";
import { acceptHook } from "../../../src/worker/links/hooks.ts";
import { listLinks, setLink, unlink } from "../../../src/worker/links/links.ts";
import { lookOnce } from "../../../src/worker/links/poll.ts";
import { softKey } from "../../support/signed.ts";
import { scratchState } from "../../support/worker.ts";

const now = () => Date.UTC(2026, 10, 28);
const asked = {
  action: "link.set",
  service: "web",
  url: "https://git.test/ann/web",
  branch: "main",
  dockerfile: "Dockerfile",
  auto: true,
  pollMs: 60_000,
  token: "the-token",
} as const;
const commit = "a".repeat(40);

/** A link of an enrolled key, and a queue that only records. */
function world(t: TestContext) {
  const state = scratchState(t);
  const { line } = softKey();
  const key = parseKeyLine(line);
  if (typeof key === "string") throw new Error(key);
  addKey(state, { fingerprint: key.fingerprint, line, now: 1, by: "init" });
  const queue = {
    add: (job: Parameters<typeof insertJob>[1], prepare: (id: number) => void) => {
      const made = insertJob(state, job, now());
      prepare(made.id);
      return made;
    },
  };
  const parts = {
    state,
    now,
    random: randomBytes,
    server: "0123456789abcdef",
    queue: queue as never,
  };
  const { link, secret } = setLink(parts, asked, key);
  const jobs = () => state.all("SELECT action, key, service FROM jobs ORDER BY id");
  const send = (body: string, headers: object = {}) =>
    acceptHook(parts, link.id, {
      body: Buffer.from(body),
      headers: {
        "x-github-event": "push",
        "x-hub-signature-256": `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`,
        ...headers,
      },
    });
  return { state, parts, key, link, secret, jobs, send };
}

const codeOf = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    if (error instanceof UserError) return error.code;
    throw error;
  }
  return "done";
};

test("a link shows neither its token nor its secret, and one that replaces it has another secret", (t) => {
  const { parts, key, secret } = world(t);
  const shown = JSON.stringify(listLinks(parts, undefined, key));
  assert.ok(!shown.includes("the-token") && !shown.includes(secret));
  const { token: _, ...rest } = asked;
  const { link, secret: next } = setLink(parts, rest, key);
  assert.notEqual(next, secret);
  assert.equal(link.hasToken, false);
  assert.equal(listLinks(parts, "web", key).length, 1);
  assert.equal(unlink(parts, "web").service, "web");
  assert.equal(
    codeOf(() => unlink(parts, "web")),
    "no-link",
  );
});

test("a signed push is one job of the link's key, however often and under whatever delivery it comes", (t) => {
  const { jobs, send, key } = world(t);
  const body = JSON.stringify({ ref: "refs/heads/main", after: commit });
  const first = send(body);
  assert.deepEqual(send(body, { "webhook-id": "another" }), first);
  assert.deepEqual(
    jobs().map((row) => [row.text("action"), row.text("key"), row.text("service")]),
    [["pull", key.fingerprint, "web"]],
  );
  assert.deepEqual(send(JSON.stringify({ ref: "refs/heads/x", after: commit })), {
    ignored: "not branch main",
  });
  assert.equal(
    codeOf(() => send(body, { "x-hub-signature-256": "sha256=00" })),
    "forbidden",
  );
  assert.equal(jobs().length, 1);
});

test("a link without its key takes no webhook and looks at nothing", async (t) => {
  const { state, parts, key, jobs, send } = world(t);
  removeKey(state, key.fingerprint);
  const body = JSON.stringify({ ref: "refs/heads/main", after: commit });
  assert.equal(
    codeOf(() => send(body)),
    "unknown-key",
  );
  const fetcher = { look: () => assert.fail("looked") };
  const link = findLink(state, "web") ?? assert.fail("no link");
  await lookOnce(
    { ...parts, clock: undefined as never, fetcher },
    link,
    new AbortController().signal,
  );
  assert.equal(jobs().length, 0);
  assert.match(listLinks(parts, "web", "root")[0]?.trouble ?? "", /is not enrolled any more/);
});

test("a look begins a job where the branch has moved, once", async (t) => {
  const { state, parts, jobs } = world(t);
  let at = commit;
  const look = () => {
    const link = findLink(state, "web") ?? assert.fail("no link");
    const fetcher = { look: () => Promise.resolve({ commit: at }) };
    return lookOnce(
      { ...parts, clock: undefined as never, fetcher },
      link,
      new AbortController().signal,
    );
  };
  await look();
  await look();
  assert.equal(jobs().length, 1);
  at = "b".repeat(40);
  await look();
  assert.equal(jobs().length, 2);
});

test("a link over ssh has a key pair that stays with its repository and its owner", (t) => {
  const { state, parts, key } = world(t);
  const { token: _, ...rest } = { ...asked, url: "git@git.test:ann/web" };
  const keyOf = (more: object = {}, caller: Parameters<typeof setLink>[2] = key) =>
    setLink(parts, { ...rest, ...more }, caller).link.deployKey ?? "";
  const first = keyOf();
  assert.match(first, /^ssh-ed25519 \S+ mypaas-web$/);
  const link = findLink(state, "web") ?? assert.fail("no link");
  pinHostKey(state, link, "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGpt");
  pinHostKey(state, link, "ssh-ed25519 another");
  const again = setLink(parts, { ...rest, branch: "dev" }, key).link;
  assert.equal(again.deployKey, first);
  assert.match(again.hostKey ?? "", /^SHA256:/);
  const given = `SHA256:${"a".repeat(43)}`;
  assert.equal(setLink(parts, { ...rest, hostKey: given }, key).link.hostKey, given);
  assert.notEqual(keyOf({}, "root"), first);
  assert.notEqual(keyOf({ url: "git@git.test:ann/other" }), first);
  const refusedOf = (more: object) => codeOf(() => setLink(parts, { ...rest, ...more }, key));
  assert.equal(refusedOf({ token: "x" }), "usage");
  assert.equal(refusedOf({ url: asked.url, hostKey: given }), "usage");
  const shown = JSON.stringify(listLinks(parts, undefined, key));
  assert.ok(!shown.includes(findLink(state, "web")?.deployKey ?? assert.fail("no key")));
});
