import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { instancePaths } from "../../../src/core/server/instance.ts";
import * as uids from "../../../src/core/server/uids.ts";
import {
  renderUnit,
  socketNames,
  unitNames,
  unitSources,
  unitTarget,
} from "../../../src/core/server/units.ts";

const folder = join(import.meta.dirname, "../../../systemd");
const read = (name: string) => readFileSync(join(folder, name), "utf8");
const paths = instancePaths({ stateDir: "/var/lib/mypaas", runDir: "/run/mypaas" });
const defaults = {
  instance: "mypaas",
  stateDir: "/var/lib/mypaas",
  runDir: "/run/mypaas",
  home: "/root",
  node: "/usr/bin/node",
  entry: "/usr/lib/node_modules/mypaas/dist/bin/mypaas.js",
  stamp: "none",
};

test("the files are what the default instance runs", () => {
  for (const source of unitSources) assert.equal(renderUnit(read(source), defaults), read(source));
});

test("every name, path and number that the code uses stands in the files", () => {
  const files = {
    local: paths.localSocket,
    receiver: paths.receiverSocket,
    docker: paths.dockerSocket,
  };
  for (const name of socketNames) {
    const socket = read(`mypaas-${name}.socket`);
    assert.match(socket, new RegExp(`^FileDescriptorName=${name}$`, "m"));
    assert.match(socket, new RegExp(`^ListenStream=${files[name]}$`, "m"));
    assert.match(socket, /^Before=docker\.service$/m);
    assert.match(socket, /^Service=mypaas-worker\.service$/m);
  }
  const { worker, sockets } = unitNames("mypaas");
  const service = read(worker);
  assert.match(service, new RegExp(`^Requires=${sockets.join(" ")}$`, "m"));
  assert.match(service, new RegExp(`^After=${sockets.join(" ")} docker\\.service`, "m"));
  assert.match(
    read("mypaas-receiver.socket"),
    new RegExp(`^SocketGroup=${uids.receiverUid}$`, "m"),
  );
  assert.match(read("mypaas-docker.socket"), new RegExp(`^SocketGroup=${uids.traefikUid}$`, "m"));
  const users = read("sysusers.d/mypaas.conf");
  for (const id of [uids.receiverUid, uids.traefikUid])
    assert.match(users, new RegExp(`^u +mypaas-\\w+ +${id} `, "m"));
  const folders = read("tmpfiles.d/mypaas.conf");
  for (const path of ["/run/mypaas/local", paths.receiverSocketDir, paths.dockerSocketDir])
    assert.match(folders, new RegExp(`^d +${path} `, "m"));
});

test("another instance gets units, paths and a program of its own", () => {
  const other = {
    instance: "blue",
    stateDir: "/srv/blue",
    runDir: "/run/blue",
    home: "/home/ann",
    node: "/opt/my node/bin/node",
    entry: "/opt/100%/mypaas.js",
    stamp: "abc",
  };
  const lines = (name: string, pattern: RegExp) =>
    renderUnit(read(name), other)
      .split("\n")
      .filter((line) => pattern.test(line));
  assert.deepEqual(lines("mypaas-worker.service", /^(Requires|ExecStart|ReadWrite|X-|Desc)/), [
    "Description=mypaas (blue) worker: builds, starts and switches releases",
    "Requires=blue-local.socket blue-receiver.socket blue-docker.socket",
    "X-Mypaas-Stamp=abc",
    'ExecStart="/opt/my node/bin/node" --max-semi-space-size=1 --optimize-for-size /opt/100%%/mypaas.js worker --state /srv/blue',
    "ReadWritePaths=/srv/blue /run/blue -/home/ann",
  ]);
  assert.deepEqual(lines("mypaas-docker.socket", /^(Listen|Service|Socket)/), [
    "ListenStream=/run/blue/docker/docker.sock",
    "SocketMode=0660",
    "SocketGroup=65533",
    "Service=blue-worker.service",
  ]);
  assert.equal(lines("tmpfiles.d/mypaas.conf", /^d/).length, 4);
  assert.ok(lines("tmpfiles.d/mypaas.conf", /^d/).every((line) => line.includes("/run/blue")));
  assert.deepEqual(
    unitSources.map((source) => unitTarget(source, "blue")),
    [
      "/etc/sysusers.d/mypaas.conf",
      "/etc/tmpfiles.d/blue.conf",
      "/etc/systemd/system/blue-local.socket",
      "/etc/systemd/system/blue-receiver.socket",
      "/etc/systemd/system/blue-docker.socket",
      "/etc/systemd/system/blue-worker.service",
    ],
  );
});

test("each user has a number of its own, and those of sysusers.d are the same", () => {
  const numbers: readonly number[] = Object.values(uids);
  assert.equal(new Set(numbers).size, numbers.length);
  const files = ["sysusers.d/mypaas.conf", "sysusers.d/mypaas-git.conf"].map(read).join("\n");
  const made = [...files.matchAll(/^u\s+\S+\s+(\d+)/gm)].map(([, id]) => Number(id));
  const { receiverUid: receiver, traefikUid: traefik, gitUid, gitKeysUid, jailUid } = uids;
  assert.deepEqual(made, [receiver, traefik, gitUid, gitKeysUid, jailUid]);
});
