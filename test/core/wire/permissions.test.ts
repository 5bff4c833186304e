import assert from "node:assert/strict";
import { test } from "node:test";
import { UserError } from "../../../src/core/errors.ts";
import { parseKeyLine } from "../../../src/core/ssh/authorized-keys.ts";
import {
  authorise,
  authoriseSpec,
  matches,
  mayManageKeys,
} from "../../../src/core/wire/permissions.ts";
import type { ServiceSpec } from "../../../src/core/release/spec.ts";
import type { Action } from "../../../src/core/actions/actions.ts";
import {
  actionNames,
  isAllowed,
  keyOptions,
  rowOf,
  rows,
  samples,
} from "../../support/rights-matrix.ts";
import fixture from "../ssh/fixtures/sshsig.json" with { type: "json" };

const now = Date.UTC(2026, 10, 21);
const line = fixture.signatures[0]?.publicKey ?? "";

function enrolled(options: string) {
  const key = parseKeyLine(options === "" ? line : `${options} ${line}`);
  if (typeof key === "string") throw new Error(key);
  return key;
}

const push = (service: string): Action => ({
  action: "push",
  service,
  push: { dockerfile: "Dockerfile", entries: [], options: { pull: false, noCache: false } },
});
const actions: Readonly<Record<string, Action>> = {
  "push blog": push("blog"),
  "push api-1": push("api-1"),
  "env blog": { action: "env.set", service: "blog", set: { A: "1" } },
  keys: { action: "key.list" },
  info: { action: "server.info" },
};

for (const [column, options] of keyOptions.entries())
  test(`a key with '${options}' may do exactly what the table says`, () => {
    const may = (action: Action) => {
      try {
        authorise(enrolled(options), action, now);
        return true;
      } catch (error) {
        assert.ok(error instanceof UserError);
        return false;
      }
    };
    for (const name of actionNames)
      for (const service of ["blog", "web"]) {
        const words = `${name} ${service} with ${options}`;
        assert.equal(may(samples[name](service)), isAllowed(name, column, service), words);
      }
  });

test("each action needs the right that was decided for it, and each row of the table has an action", () => {
  assert.deepEqual(
    { ...Object.groupBy(actionNames, rowOf) },
    {
      "push on a service": [
        "push",
        "plan",
        "rollback",
        "cancel",
        "link.set",
        "link.remove",
        "pull",
      ],
      "manage on a service": [
        "scale",
        "restart",
        "stop",
        "start",
        "remove",
        "remove.list",
        "maintenance.show",
        "maintenance.set",
      ],
      "any key on a service": ["release.list", "job.list", "metrics", "ps", "link.list"],
      "env on a service": [
        "env.list",
        "env.set",
        "env.unset",
        "auth.list",
        "auth.set",
        "auth.remove",
      ],
      "logs on a service": ["logs", "job.log", "job.steps"],
      "run on a service": ["run", "exec"],
      "key on the server": ["key.list", "key.add", "key.remove"],
      "any key on the server": ["disk", "token.list", "token.revoke", "server.info", "cert.list"],
      "manage on the server": [
        "doctor",
        "registry.login",
        "registry.logout",
        "registry.list",
        "cert.add",
        "cert.remove",
        "cert.retry",
      ],
    },
  );
  assert.deepEqual(Object.keys(rows).toSorted(), [...new Set(actionNames.map(rowOf))].toSorted());
  for (const row of Object.values(rows)) assert.equal(row.split(/ +/).length, keyOptions.length);
});

test("what another service has to give counts as touched", () => {
  const take = { pull: false, noCache: false, takeFrom: "web" };
  const action: Action = {
    action: "push",
    service: "blog",
    push: { dockerfile: "Dockerfile", entries: [], options: take },
  };
  authorise(enrolled('services="blog,web"'), action, now);
  assert.throws(() => authorise(enrolled('services="blog"'), action, now), {
    message: "key ed25519: not allowed: push web (its services are blog)",
  });
});

test("a key may manage keys as long as it has that right", () => {
  assert.equal(mayManageKeys(enrolled(""), now), true);
  assert.equal(mayManageKeys(enrolled('actions="key",expires=2026-11-22'), now), true);
  for (const options of ['services="*"', 'actions="push"', "no-volumes", "expires=2026-11-21"])
    assert.equal(mayManageKeys(enrolled(options), now), false, options);
});

test("root may do everything", () => {
  for (const action of Object.values(actions)) authorise("root", action, now);
});

const refusals: readonly [string, string, string][] = [
  ['services="blog"', "push api-1", "key ed25519: not allowed: push api-1 (its services are blog)"],
  ['actions="env"', "push blog", "key ed25519: not allowed: push (its actions are env)"],
  [
    "no-volumes",
    "keys",
    'key ed25519: not allowed: key.list (it has limits, and no actions="key")',
  ],
  ["expires=2026-11-01", "push blog", "key ed25519: expired on 2026-11-01T00:00:00.000Z"],
];

for (const [options, action, message] of refusals)
  test(`the refusal says why: ${message}`, () => {
    assert.throws(() => authorise(enrolled(options), actions[action] ?? push("x"), now), {
      message,
    });
  });

test("a key without the right to volumes cannot push a service that has some", () => {
  const spec = { volumes: [{}] } as unknown as ServiceSpec;
  authoriseSpec(enrolled(""), spec);
  assert.throws(() => authoriseSpec(enrolled("no-volumes"), spec), {
    message: "key ed25519: may not use volumes",
    hint: "use another key, or remove mypaas.volume from the Dockerfile",
  });
});

const patterns: readonly [string, string, boolean][] = [
  ["web", "web", true],
  ["web", "web2", false],
  ["*", "anything", true],
  ["a*b", "ab", true],
  ["a*b", "b", false],
  ["ab*ba", "aba", false],
  ["a*c*e", "abcde", true],
  ["a*c*e", "acbde", true],
  ["a*c*e", "abde", false],
  ["*-*", "api-1", true],
];

for (const [pattern, service, expected] of patterns)
  test(`pattern ${pattern} ${expected ? "fits" : "does not fit"} ${service}`, () => {
    assert.equal(matches(pattern, service), expected);
  });
