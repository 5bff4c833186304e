import assert from "node:assert/strict";
import { test } from "node:test";
import { fetchProblem } from "../../../src/core/links/fetch-problem.ts";

const url = "https://git.test/ann/web";
const asked = { service: "web", url, branch: "main", commit: undefined, hasToken: false };

const cases: readonly (readonly [string, string, object?])[] = [
  [
    "fatal: unable to access: Received HTTP code 403 from proxy after CONNECT",
    "not reached: not a public address",
  ],
  ["fatal: unable to access: CONNECT tunnel failed, response 404", "not reached: no such host"],
  [
    "fatal: unable to access: Received HTTP code 504 from proxy after CONNECT",
    "not reached: no answer in time",
  ],
  [
    "fatal: unable to access: The requested URL returned error: 302",
    "sends on to another address, which is not followed",
  ],
  [
    "fatal: could not read Username for 'https://git.test': terminal prompts disabled",
    "there is none, or it is private",
  ],
  [
    "fatal: Authentication failed for 'https://git.test/'",
    "the token is not taken",
    { hasToken: true },
  ],
  ["fatal: repository 'https://git.test/ann/web/' not found", "there is none, or it is private"],
  [
    "fatal: repository 'https://git.test/ann/web/' not found",
    "there is none, or the token may not read it",
    { hasToken: true },
  ],
  ["fatal: couldn't find remote ref refs/heads/main", 'has no branch "main"'],
  [
    "fatal: remote error: upload-pack: not our ref abcdef",
    "has no commit abcdefabcdef that it gives out",
    { commit: "abcdef".repeat(7).slice(0, 40) },
  ],
  [
    "fatal: unable to access: server certificate verification failed. CAfile: /fetch/ca.pem",
    "its certificate is not trusted here",
  ],
  ["remote: x\nfatal: early EOF\n", "not fetched: early EOF"],
  ["", "not fetched: git ended without a word"],
];
for (const [said, wanted, more] of cases)
  test(`${said.slice(0, 70)} becomes ${wanted}`, () => {
    const error = fetchProblem({ ...asked, ...more }, said);
    assert.equal(error.message, `${url}: ${wanted}`);
    assert.notEqual(error.hint, undefined);
  });

const pinned = `SHA256:${"a".repeat(43)}`;
const sent = `SHA256:${"b".repeat(43)}`;
const overSsh: readonly (readonly [string, string])[] = [
  [
    `The fingerprint for the ED25519 key sent by the remote host is\n${sent}.\nHost key verification failed.`,
    `has the host key ${sent}, and not ${pinned}`,
  ],
  [`fatal: the host key is ${sent}`, `has the host key ${sent}, and not ${pinned}`],
  [
    "No RSA host key is known for repository and you have requested strict checking.\nHost key verification failed.",
    `does not show the host key that is expected, ${pinned}`,
  ],
  ["git@repository: Permission denied (publickey).", "the deploy key is not taken"],
  ["ERROR: Repository not found.", "there is none, or the deploy key may not read it"],
  ["fatal: no ssh in the jail", "ssh is not installed on this server"],
  ["fatal: CONNECT tunnel failed, response 403", "not reached: not a public address"],
];
test("what ssh says becomes our words", () => {
  const git = { ...asked, url: "git@git.test:ann/web", hostKey: pinned };
  for (const [said, wanted] of overSsh)
    assert.equal(fetchProblem(git, said).message, `${git.url}: ${wanted}`);
});
