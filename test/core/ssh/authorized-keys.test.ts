import assert from "node:assert/strict";
import { test } from "node:test";
import { parseAuthorizedKeys, parseKeyLine } from "../../../src/core/ssh/authorized-keys.ts";
import fixture from "./fixtures/sshsig.json" with { type: "json" };

const key = fixture.signatures[0]?.publicKey ?? "";

const none = { services: undefined, actions: undefined, noVolumes: false, expires: undefined };
const accepted: readonly [string, object][] = [
  ["", none],
  ['services="blog,api-*" ', { ...none, services: ["blog", "api-*"] }],
  [
    'services="blog",actions="push,logs",no-volumes,expires=2027-01-01 ',
    {
      services: ["blog"],
      actions: ["push", "logs"],
      noVolumes: true,
      expires: Date.UTC(2027, 0, 1),
    },
  ],
  ["NO-VOLUMES ", { ...none, noVolumes: true }],
  ["expires=2026-11-21T10:00:00Z ", { ...none, expires: Date.UTC(2026, 10, 21, 10) }],
];

for (const [options, expected] of accepted)
  test(`a key line with options '${options}' is understood`, () => {
    const parsed = parseKeyLine(options + key);
    assert.ok(typeof parsed === "object");
    assert.deepEqual(parsed.options, expected);
    assert.equal(parsed.optionsText, options.trim());
    assert.equal(parsed.name, "ed25519");
  });

const refused: readonly [string, string][] = [
  [
    `service="blog" ${key}`,
    'unknown key option "service"; known are services, actions, no-volumes, expires',
  ],
  [
    `command="/bin/sh" ${key}`,
    'unknown key option "command"; known are services, actions, no-volumes, expires',
  ],
  [`services="Blog" ${key}`, 'key option services: not a service name "Blog"'],
  [`services="" ${key}`, 'key option services: not a service name ""'],
  [
    `actions=deploy ${key}`,
    'key option actions: unknown action "deploy"; known are push, env, key, logs, run, manage',
  ],
  [
    `expires=2027-13-01 ${key}`,
    'key option expires: should be a date such as 2027-01-31, got "2027-13-01"',
  ],
  [
    `expires=2027-02-30 ${key}`,
    'key option expires: should be a date such as 2027-01-31, got "2027-02-30"',
  ],
  [`expires ${key}`, 'key option expires: should be a date such as 2027-01-31, got ""'],
  [`no-volumes=yes ${key}`, "key option no-volumes: takes no value"],
  [`no-volumes,no-volumes ${key}`, "key option no-volumes: given twice"],
  [`services="a"b ${key}`, 'key option "services="a"b": not understood'],
  ["ssh-ed25519", 'no public key in "ssh-ed25519"'],
  ["ssh-dss AAAA x", 'no public key in "ssh-dss AAAA x"'],
  ["ssh-ed25519 AAAA x", "key ends too early"],
  [key.replace("ssh-ed25519 ", "ssh-rsa "), "key says it is ssh-rsa but holds ssh-ed25519"],
];

for (const [line, problem] of refused)
  test(`a key line is refused: ${problem}`, () => {
    assert.equal(parseKeyLine(line), problem);
  });

test("valid lines of a file are kept, and invalid ones are named", () => {
  const { keys, problems } = parseAuthorizedKeys(`# laptops\r\n\n${key}\r\nfoo ${key}\n`);
  assert.deepEqual(
    keys.map((item) => item.name),
    ["ed25519"],
  );
  assert.deepEqual(
    problems.map(({ line, message }) => [line, message]),
    [[4, 'unknown key option "foo"; known are services, actions, no-volumes, expires']],
  );
});
