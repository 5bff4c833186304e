import assert from "node:assert/strict";
import { test } from "node:test";
import { readGitCommand } from "../../../src/core/server/git-address.ts";

for (const [command, service] of [
  ["git-receive-pack 'web'", "web"],
  ["git receive-pack '/web'", "web"],
  ["git-receive-pack '/web.git'", "web"],
  ["git-receive-pack 'web/'", "web"],
  ["git-receive-pack 'api.v2'", "api.v2"],
] as const)
  test(`${command} is a push to ${service}`, () =>
    assert.deepEqual(readGitCommand(command), { service }));

for (const [command, words] of [
  ["", /takes git pushes only: git push/],
  ["id", /takes git pushes only, not: id/],
  ["git-upload-pack 'web'", /nothing can be fetched/],
  ["git-upload-archive 'web'", /nothing can be fetched/],
  ["git-receive-pack '../../etc'", /no name of a service/],
  ["git-receive-pack 'web'; id", /not: git-receive-pack/],
  ["git-receive-pack '$(id)'", /no name of a service/],
  ["git-receive-pack 'a'\\''b'", /not: git-receive-pack/],
  ["git-receive-pack ''", /no name of a service/],
  [`git-receive-pack '${"a".repeat(51)}'`, /no name of a service/],
  ["git-receive-pack --help", /not: git-receive-pack/],
] as const)
  test(`${JSON.stringify(command.slice(0, 40))} is refused in words`, () => {
    const asked = readGitCommand(command);
    assert.match("refused" in asked ? asked.refused : JSON.stringify(asked), words);
  });
