import assert from "node:assert/strict";
import { test } from "node:test";
import { parseKeyLine } from "../../../src/core/ssh/authorized-keys.ts";
import { UserError } from "../../../src/core/errors.ts";
import { signatureNamespace } from "../../../src/core/wire/protocol.ts";
import { formatToken, grantBytes, readToken, verifyToken } from "../../../src/core/wire/grant.ts";
import { authorise, maySee, mayManageKeys, nameOf } from "../../../src/core/wire/permissions.ts";
import { definitionOf } from "../../../src/core/actions/actions.ts";
import { actionNames, samples } from "../../support/rights-matrix.ts";
import { softKey } from "../../support/signed.ts";
import { grant, tokenOf } from "../../support/tokens.ts";

const now = Date.UTC(2026, 10, 28);
const server = grant().server;

function maker(options = "") {
  const soft = softKey();
  const key = parseKeyLine(`${options}${options === "" ? "" : " "}${soft.line}`);
  if (typeof key === "string") throw new Error(key);
  return { ...soft, key };
}

test("a token that an enrolled key made is its grant", () => {
  const ann = maker();
  const caller = verifyToken({ token: tokenOf(ann), keys: [ann.key], server, now });
  assert.equal(caller.fingerprint, ann.key.fingerprint);
  assert.deepEqual(caller.grant, grant());
  assert.equal(nameOf(caller), "test by token ci");
});

test("every other token is refused, and no message shows any of it", () => {
  const ann = maker();
  const bob = maker();
  const late = maker("expires=2026-11-22");
  const [, signature = ""] = tokenOf(ann).split(".");
  const forged = Buffer.from(grantBytes(grant({ services: ["*"] }))).toString("base64url");
  const raw = (value: unknown) => {
    const body = Buffer.from(JSON.stringify(value));
    return formatToken(body, ann.sign(body, "mypaas-grant@v1"));
  };
  const day = 24 * 60 * 60_000;
  const cases: readonly (readonly [string, string])[] = [
    ["", "token: not one that mypaas made"],
    ["hunter2", "token: not one that mypaas made"],
    [`${tokenOf(ann)} `, "token: not one that mypaas made"],
    [tokenOf(ann).slice(0, -40), "token: damaged, or cut off where it was copied"],
    [`mpg_eyJ.${signature}`, "token: damaged, or cut off where it was copied"],
    [`mpg_${forged}.${signature}`, "token: its signature does not fit what it says"],
    [tokenOf(ann, {}, signatureNamespace), "token: its signature does not fit what it says"],
    [tokenOf(bob), /^token ci: the key that made it, SHA256:\S+, is not enrolled here$/.source],
    [
      tokenOf(ann, { server: "ff".repeat(8) }),
      `token ci: made for server ${"ff".repeat(8)}, this is ${server}`,
    ],
    [tokenOf(ann, { expires: now }), "token ci: ended on 2026-11-28T00:00:00.000Z"],
    [tokenOf(ann, { expires: now + 400 * day }), "token ci: lasts longer than 366 days"],
    [tokenOf(late), "token ci: the key that made it expired on 2026-11-22T00:00:00.000Z"],
    [raw({ ...grant(), v: 2 }), "token: of a version that is not known here"],
    [raw({ ...grant(), actions: ["key"] }), 'token: actions: a token cannot carry "key"'],
    [
      raw({ ...grant(), more: 1 }),
      "request: token.more: not known here, update mypaas on the server",
    ],
    [raw({ ...grant(), services: "*" }), "request: services: should be a list"],
  ];
  for (const [token, message] of cases) {
    const read = () => verifyToken({ token, keys: [ann.key, late.key], server, now });
    assert.throws(read, (error) => {
      assert.ok(error instanceof UserError);
      if (message.startsWith("^")) assert.match(error.message, new RegExp(message));
      else assert.equal(error.message, message);
      for (const part of token.split(/[_.]/).filter((one) => one.length > 20))
        assert.doesNotMatch(error.message, new RegExp(part));
      return true;
    });
  }
});

test("a token is read without its key, as revoke does", () => {
  assert.equal(readToken(tokenOf(maker())).grant.id, "0f3c9a1b2c3d4e5f");
});

const may = (options: string, change: Parameters<typeof grant>[0]) => {
  const caller = { ...maker(options).key, grant: grant(change) };
  return actionNames.filter((name) =>
    ["blog"].every((service) => {
      try {
        authorise(caller, samples[name](service), now);
        return true;
      } catch (error) {
        assert.ok(error instanceof UserError && error.code === "forbidden");
        return false;
      }
    }),
  );
};

const all = { services: ["*"], actions: ["push", "env", "logs", "manage"] } as const;
const never =
  /^(?:key|registry|token)\.|^cert\.(?:add|remove|retry)$|^link\.(?:set|remove)$|^(?:run|exec)$/;

test("no token reaches keys, logins, certificates of your own, programs or tokens, whatever it says", () => {
  const allowed = may("", all);
  assert.deepEqual(
    actionNames.filter((name) => !allowed.includes(name)),
    actionNames.filter((name) => never.test(name)),
  );
});

test("a read-only token sees what there is and changes nothing", () => {
  assert.deepEqual(may("", { ...all, access: "read" }), [
    "plan",
    "remove.list",
    "release.list",
    "env.list",
    "maintenance.show",
    "auth.list",
    "logs",
    "job.log",
    "job.list",
    "job.steps",
    "metrics",
    "disk",
    "ps",
    "server.info",
    "doctor",
    "link.list",
    "cert.list",
  ]);
  for (const name of actionNames)
    if (definitionOf(name).byGrant === "read") assert.doesNotMatch(name, /set|remove$|push/);
});

test("a token has the rights that both its grant and its key have", () => {
  const pushes = [
    "push",
    "plan",
    "rollback",
    "cancel",
    "release.list",
    "job.list",
    "metrics",
    "disk",
    "ps",
    "server.info",
    "link.list",
    "pull",
    "cert.list",
  ];
  assert.deepEqual(may("", {}), pushes);
  assert.deepEqual(may("", { services: ["bl*"] }), pushes);
  assert.deepEqual(may('services="blog",actions="push,logs"', all), [
    "push",
    "plan",
    "rollback",
    "cancel",
    "release.list",
    "logs",
    "job.log",
    "job.list",
    "job.steps",
    "metrics",
    "disk",
    "ps",
    "server.info",
    "link.list",
    "pull",
    "cert.list",
  ]);
  assert.deepEqual(may('services="web"', {}), ["disk", "server.info", "cert.list"]);
  assert.deepEqual(may("", { services: ["web"] }), ["disk", "server.info", "cert.list"]);
  assert.deepEqual(may('actions="env"', {}), [
    "release.list",
    "job.list",
    "metrics",
    "disk",
    "ps",
    "server.info",
    "link.list",
    "cert.list",
  ]);
});

test("a token sees the services of its grant only, and manages no keys", () => {
  const caller = { ...maker().key, grant: grant({ services: ["blog", "api-*"] }) };
  assert.deepEqual(
    ["blog", "api-1", "web"].map((service) => maySee(caller, service)),
    [true, true, false],
  );
  assert.equal(mayManageKeys(caller, now), false);
});

test("what a token may not do is said in words", () => {
  const refused = (change: Parameters<typeof grant>[0], name: keyof typeof samples) => {
    try {
      authorise({ ...maker().key, grant: grant(change) }, samples[name]("web"), now);
      return "";
    } catch (error) {
      assert.ok(error instanceof UserError);
      assert.equal(error.hint, "make one that may: mypaas token create");
      return error.message;
    }
  };
  assert.equal(refused({}, "push"), "token ci: not allowed: push web (its services are blog)");
  assert.equal(refused({}, "logs"), "token ci: not allowed: logs (its actions are push)");
  assert.equal(refused(all, "run"), "token ci: not allowed: run (no token can do it)");
  assert.equal(
    refused({ ...all, access: "read" }, "push"),
    "token ci: not allowed: push (it is read-only)",
  );
});
