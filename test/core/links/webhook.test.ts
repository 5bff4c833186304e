import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";
import { sign, verify } from "@octokit/webhooks-methods";
import { isFromForge, pushedBy, type HookHeaders } from "../../../src/core/links/webhook.ts";

// The example that GitHub has published.
const secret = "It's a Secret to Everybody";
const body = Buffer.from("Hello, World!");
const hub = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
const now = 1_795_800_000_000;

const timestamp = String(now / 1000);
const standard = (id: string, at = timestamp, key: string | Buffer = secret) =>
  `v1,${createHmac("sha256", key).update(`${id}.${at}.`).update(body).digest("base64")}`;
const lab = {
  "webhook-id": "msg_1",
  "webhook-timestamp": timestamp,
  "webhook-signature": `v1,AAAA ${standard("msg_1")}`,
};

const proofs: readonly (readonly [string, HookHeaders, boolean])[] = [
  ["GitHub", { "x-hub-signature-256": hub }, true],
  ["Bitbucket", { "x-hub-signature": hub }, true],
  ["Gitea", { "x-gitea-signature": hub.slice(7) }, true],
  ["Forgejo", { "x-forgejo-signature": hub.slice(7) }, true],
  ["GitLab's token", { "x-gitlab-token": secret }, true],
  ["GitLab's signing token", lab, true],
  ["nothing", {}, false],
  ["an empty signature", { "x-hub-signature-256": "" }, false],
  ["a short one", { "x-hub-signature-256": hub.slice(0, 20) }, false],
  ["sha1 alone", { "x-hub-signature": "sha1=aa" }, false],
  ["another token", { "x-gitlab-token": `${secret}x` }, false],
  [
    "a wrong signature beside the token",
    { "x-hub-signature-256": `${hub}0`, "x-gitlab-token": secret },
    false,
  ],
  ["a wrong signature beside a weaker one", { "x-gitea-signature": "00", ...lab }, false],
  [
    "a wrong signing token beside the token",
    { ...lab, "webhook-signature": "v1,AAAA", "x-gitlab-token": secret },
    false,
  ],
  ["another id", { ...lab, "webhook-id": "msg_2" }, false],
  ["a time that is none", { ...lab, "webhook-timestamp": "x" }, false],
  [
    "an old time",
    { ...lab, "webhook-timestamp": "1", "webhook-signature": standard("msg_1", "1") },
    false,
  ],
];
for (const [what, headers, is] of proofs)
  test(`${what} is ${is ? "a" : "no"} proof`, () =>
    assert.equal(isFromForge({ headers, body }, secret, now), is));

test("GitHub's own library signs and verifies the same", async () => {
  assert.equal(await sign(secret, body.toString()), hub);
  assert.ok(await verify(secret, body.toString(), hub));
  const other = Buffer.from("Hello, World?");
  assert.ok(!isFromForge({ headers: { "x-hub-signature-256": hub }, body: other }, secret, now));
});

test("a signing token in its written form is its bytes", () => {
  const key = Buffer.from("0123456789abcdef0123456789abcdef");
  const headers = { ...lab, "webhook-signature": standard("msg_1", timestamp, key) };
  assert.ok(isFromForge({ headers, body }, `whsec_${key.toString("base64")}`, now));
});

const commit = "a".repeat(40);
const main = { ref: "refs/heads/main", after: commit };
const bitbucket = {
  push: { changes: [{ new: { type: "branch", name: "main", target: { hash: commit } } }] },
};
const bodies: readonly (readonly [string, HookHeaders, unknown, object])[] = [
  ["a push of GitHub", { "x-github-event": "push" }, main, { commit }],
  ["a push of Gitea", { "x-gitea-event": "push" }, main, { commit }],
  ["a push of GitLab", { "x-gitlab-event": "Push Hook" }, main, { commit }],
  ["a push of Bitbucket", { "x-event-key": "repo:push" }, bitbucket, { commit }],
  [
    "a commit of sha256",
    { "x-github-event": "push" },
    { ...main, after: "b".repeat(64) },
    { commit: "b".repeat(64) },
  ],
  ["a ping", { "x-github-event": "ping" }, {}, { ignored: "not a push" }],
  ["no event", {}, main, { ignored: "it names no event" }],
  [
    "a tag",
    { "x-github-event": "push" },
    { ...main, ref: "refs/tags/v1" },
    { ignored: "not a branch" },
  ],
  [
    "another branch",
    { "x-github-event": "push" },
    { ...main, ref: "refs/heads/feat/main" },
    { ignored: "not branch main" },
  ],
  [
    "a branch that is gone",
    { "x-github-event": "push" },
    { ...main, after: "0".repeat(40) },
    { ignored: "the branch is gone" },
  ],
  [
    "an option",
    { "x-github-event": "push" },
    { ...main, after: "--upload-pack=x" },
    { ignored: "names no commit" },
  ],
  [
    "a short commit",
    { "x-github-event": "push" },
    { ...main, after: "abc" },
    { ignored: "names no commit" },
  ],
  ["no object", { "x-github-event": "push" }, null, { ignored: "not a branch" }],
  [
    "a tag of Bitbucket",
    { "x-event-key": "repo:push" },
    { push: { changes: [{ new: null }] } },
    { ignored: "not a branch" },
  ],
];
for (const [what, headers, given, wanted] of bodies)
  test(`${what}: ${JSON.stringify(wanted)}`, () => {
    assert.deepEqual(
      pushedBy({ headers, body: Buffer.from(JSON.stringify(given)) }, "main"),
      wanted,
    );
  });

test("a body as a form holds the same, and one that is no JSON nothing", () => {
  const headers = { "x-github-event": "push" };
  const form = new URLSearchParams({ payload: JSON.stringify(main) }).toString();
  assert.deepEqual(pushedBy({ headers, body: Buffer.from(form) }, "main"), { commit });
  assert.deepEqual(pushedBy({ headers, body: Buffer.from("{") }, "main"), {
    ignored: "not a branch",
  });
});
