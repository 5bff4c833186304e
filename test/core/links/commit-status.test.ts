import assert from "node:assert/strict";
import { test } from "node:test";
import {
  describeAnswer,
  isPassing,
  statusRequests,
  type CommitStatus,
} from "../../../src/core/links/commit-status.ts";

const status: CommitStatus = {
  commit: "a".repeat(40),
  state: "pending",
  context: "mypaas/web on paas.test",
  description: "deploying web",
};
const requestsOf = (url: string, more: Partial<CommitStatus> = {}, token = "ann:tok") =>
  statusRequests({ url, token }, { ...status, ...more });

const placesOf = (url: string) =>
  requestsOf(url).map(
    ({ host, port, path }) => `${host}:${port}${path.replace(status.commit, "ID")}`,
  );

test("each forge is asked at its own API, an unknown one at all three", () => {
  assert.deepEqual(placesOf("https://github.com/ann/web.git"), [
    "api.github.com:443/repos/ann/web/statuses/ID",
  ]);
  assert.deepEqual(placesOf("https://gitlab.com/group/sub/web"), [
    "gitlab.com:443/api/v4/projects/group%2Fsub%2Fweb/statuses/ID",
  ]);
  assert.deepEqual(placesOf("https://git.test:8443/ann/web"), [
    "git.test:8443/api/v1/repos/ann/web/statuses/ID",
    "git.test:8443/api/v4/projects/ann%2Fweb/statuses/ID",
    "git.test:8443/api/v3/repos/ann/web/statuses/ID",
  ]);
  assert.deepEqual(
    placesOf("https://[fd00::1]/ann/web")[0],
    "fd00::1:443/api/v1/repos/ann/web/statuses/ID",
  );
  assert.deepEqual(placesOf("https://bitbucket.org/ann/web"), []);
  assert.deepEqual(placesOf("https://git.test/web"), []);
});

test("the token goes as each forge wants it, and never into the body", () => {
  const [gitea, gitlab, github] = requestsOf("https://git.test/ann/web", { state: "failure" });
  assert.equal(gitea?.headers["authorization"], "token tok");
  assert.equal(gitlab?.headers["private-token"], "tok");
  assert.equal(github?.headers["authorization"], "Bearer tok");
  const bodies = [gitea, gitlab, github].map((one) => JSON.parse(one?.body ?? "{}") as object);
  const { context } = status;
  const description = "deploying web";
  assert.deepEqual(bodies, [
    { state: "failure", context, description },
    { state: "failed", context, description },
    { state: "failure", context, description },
  ]);
});

test("a description is one short line without control characters", () => {
  const bodyOf = (description: string): string =>
    (
      JSON.parse(requestsOf("https://github.com/a/b", { description })[0]?.body ?? "{}") as {
        readonly description: string;
      }
    ).description;
  assert.equal(bodyOf("one\u001b[31m\u0000"), "one");
  assert.equal(bodyOf("x".repeat(300)), `${"x".repeat(139)}…`);
});

test("an answer becomes a sentence, and some are tried again", () => {
  assert.equal(describeAnswer(201), "reported");
  assert.equal(describeAnswer(403), "not reported: the token may not set a status (403)");
  assert.match(describeAnswer(404), /no API of GitHub, GitLab or Gitea takes it/);
  assert.equal(describeAnswer(422), "not reported: the forge answered 422");
  assert.equal(describeAnswer(undefined), "not reported: the forge did not answer");
  assert.deepEqual([undefined, 429, 503].map(isPassing), [true, true, true]);
  assert.deepEqual([201, 401, 404, 422].map(isPassing), [false, false, false, false]);
});
