import assert from "node:assert/strict";
import { test } from "node:test";
import {
  parseReceiverConfig,
  receiverContainer,
} from "../../../src/core/server/receiver-container.ts";

test("the receiver has no capability, one network, and one writable directory", () => {
  const config = {
    version: 1,
    instance: "mypaas",
    server: "0123456789abcdef",
    stateDir: "/var/lib/mypaas",
    runDir: "/run/mypaas",
    bind: "0.0.0.0",
    httpPort: 80,
    httpsPort: 443,
    traefikImage: "t",
    receiverImage: "mypaas/receiver:1",
    owner: { name: "me", home: "/home/me" },
    volumes: { allow: [] },
  } as const;
  const node = { stamp: "5eed", files: [{ source: "/usr/bin/node", target: "/node" }] };
  const plan = receiverContainer(config, node);
  assert.deepEqual(plan, {
    name: "mypaas-receiver",
    image: "mypaas/receiver:1",
    cmd: [],
    user: "65532:65532",
    labels: {
      "mypaas.instance": "mypaas",
      "mypaas.role": "receiver",
      "mypaas.node": "5eed",
    },
    readOnly: true,
    capDrop: ["ALL"],
    noNewPrivileges: true,
    mounts: [
      bind("/var/lib/mypaas/receiver", "/etc/mypaas", true),
      bind("/run/mypaas/receiver", "/run/mypaas", true),
      bind("/var/lib/mypaas/spool", "/spool", false),
      bind("/usr/bin/node", "/node", true),
    ],
    ports: [],
    networks: [{ name: "mypaas-receiver", aliases: [] }],
    memoryBytes: 192 * 1024 * 1024,
    pidsLimit: 64,
    restart: "unless-stopped",
  });
});

const bind = (source: string, target: string, readOnly: boolean) => ({
  type: "bind",
  source,
  target,
  readOnly,
});

test("receiver.json is read when it is whole", () => {
  const text = '{"version":1,"server":"0123456789abcdef","later":true}';
  assert.deepEqual(parseReceiverConfig(text, "f"), { version: 1, server: "0123456789abcdef" });
});

for (const [text, message] of [
  ["", "receiver.json: damaged: it is empty"],
  ["[1", "receiver.json: damaged: it is no JSON or cut off"],
  ["null", "receiver.json: damaged: should be an object, got null"],
  ['{"server":"x"}', "receiver.json: damaged: version: should be a whole number, got nothing"],
  ['{"version":1}', "receiver.json: damaged: server: should be text, got nothing"],
  ['{"version":1,"server":""}', "receiver.json: damaged: server: is empty"],
] as const) {
  test(`receiver.json with ${JSON.stringify(text)} is refused`, () => {
    assert.throws(() => parseReceiverConfig(text, "receiver.json"), {
      name: "UserError",
      message,
      hint: "write it again: mypaas init",
    });
  });
}

test("receiver.json of a newer mypaas is refused", () => {
  assert.throws(() => parseReceiverConfig('{"version":2,"server":"x"}', "receiver.json"), {
    name: "UserError",
    message:
      "receiver.json: written by a newer mypaas than this one (version 2, this one reads up to 1)",
    hint: 'update mypaas here, see "Five minutes" in README.md',
  });
});
