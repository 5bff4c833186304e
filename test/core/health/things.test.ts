import assert from "node:assert/strict";
import { test } from "node:test";
import type { Finding } from "../../../src/core/health/check.ts";
import { judgeMaintenance } from "../../../src/core/health/maintenance.ts";
import { judgeOrphans } from "../../../src/core/health/orphans.ts";
import { judgeLogs, judgePublished, judgeReplicas } from "../../../src/core/health/services.ts";
import { judgeVolumes } from "../../../src/core/health/volumes.ts";
import type { Inventory, Known, SeenContainer } from "../../../src/core/health/inventory.ts";

const now = 1_000_000_000;
const known: Known = {
  instance: "mypaas",
  services: new Set(["web", "shop"]),
  busy: new Set(),
  serving: [{ service: "web", release: 3, replicas: 2, carried: [], volumes: [] }],
  images: new Set(["mypaas/web:r3"]),
  networks: new Set(["mypaas"]),
};

const replica = (change: Partial<SeenContainer> & { labels?: Record<string, string> } = {}) => ({
  name: "web",
  state: "running",
  restarts: 0,
  startedAt: now - 3_600_000,
  published: [],
  anonymous: [],
  logPath: "/log/1-json.log",
  rotates: true,
  ...change,
  labels: {
    "mypaas.instance": "mypaas",
    "mypaas.role": "service",
    "mypaas.service": "web",
    "mypaas.release": "3",
    ...change.labels,
  },
});

const engine = (change: Partial<Inventory>): Inventory => ({
  containers: [],
  images: [],
  volumes: [],
  networks: [],
  ...change,
});

const said = (findings: readonly Finding[]) =>
  findings.map(({ result, title = "", evidence }) => `${result} ${title}: ${evidence}`);

test("containers of unknown services and releases of this instance are orphans", () => {
  const without = { ...replica({ name: "by-hand" }), labels: { "mypaas.instance": "mypaas" } };
  const containers = [
    replica(),
    replica({ name: "old", labels: { "mypaas.release": "2" } }),
    replica({ name: "lost", state: "exited", labels: { "mypaas.service": "gone" } }),
    replica({ name: "other", labels: { "mypaas.instance": "second", "mypaas.service": "gone" } }),
    replica({ name: "one-off", labels: { "mypaas.role": "run", "mypaas.service": "gone" } }),
    without,
  ];
  assert.deepEqual(said(judgeOrphans(engine({ containers }), known)), [
    "warning orphan container: old, running: release 2 of web is not live",
    "warning orphan container: lost, exited: service gone is not known",
    "warning orphan container: by-hand, running: started by hand from an image of mypaas",
  ]);
  const busy = { ...known, busy: new Set(["web", "gone"]) };
  assert.deepEqual(said(judgeOrphans(engine({ containers: containers.slice(0, 3) }), busy)), [
    "ok : none",
  ]);
});

test("images, volumes and networks without a service are orphans", () => {
  const labels = { "mypaas.instance": "mypaas", "mypaas.service": "web" };
  const gone = { ...labels, "mypaas.service": "gone" };
  const all = engine({
    images: [
      { tags: ["mypaas/web:r3"], labels },
      { tags: ["mypaas/web:r1"], labels },
      { tags: [], labels },
      { tags: ["mypaas/receiver:1"], labels: { "mypaas.instance": "mypaas" } },
    ],
    volumes: [
      { name: "mypaas-web-data", labels },
      { name: "mypaas-gone-data", labels: gone },
    ],
    networks: [
      { name: "mypaas", labels: { "mypaas.instance": "mypaas" } },
      { name: "odd", labels: { "mypaas.instance": "mypaas" } },
      { name: "bridge", labels: {} },
    ],
  });
  assert.deepEqual(said(judgeOrphans(all, known)), [
    "warning orphan image: mypaas/web:r1: no release uses it",
    "warning orphan images: 1 without a tag, from builds that failed or were replaced",
    "warning orphan volume: mypaas-gone-data: service gone is not known",
    "warning orphan network: odd: not a network of this instance",
  ]);
});

test("a service needs all its containers, and none in a restart loop", () => {
  const judge = (containers: readonly SeenContainer[], more: Partial<Known> = {}) =>
    said(judgeReplicas(engine({ containers }), { ...known, ...more }, now));
  assert.deepEqual(judge([replica(), replica()]), [
    "ok service web: release 3, 2 of 2 replicas run",
  ]);
  const elsewhere = replica({ labels: { "mypaas.instance": "second" } });
  assert.deepEqual(judge([replica(), replica(), elsewhere]), [
    "ok service web: release 3, 2 of 2 replicas run",
  ]);
  assert.deepEqual(judge([replica(), replica({ state: "exited" })]), [
    "failed service web: release 3, 1 of 2 replicas run",
  ]);
  assert.deepEqual(judge([replica(), replica({ restarts: 5, startedAt: now - 4000 })]), [
    "failed service web: web was restarted 5 times, last 4 s ago",
  ]);
  assert.deepEqual(judge([replica(), replica({ restarts: 5 })]), [
    "ok service web: release 3, 2 of 2 replicas run",
  ]);
  assert.deepEqual(judge([], { busy: new Set(["web"]) }), ["ok : no service runs"]);
  assert.deepEqual(
    judge([], { serving: [{ service: "web", release: 3, replicas: 0, carried: [], volumes: [] }] }),
    ["ok : no service runs"],
  );
});

test("data without a name is told, with its volume and the line that names it", () => {
  const [one, two] = ["a".repeat(64), "b".repeat(64)];
  const containers = [
    replica({ anonymous: [{ target: "/data", name: one }] }),
    replica({ anonymous: [{ target: "/data", name: two }] }),
    replica({ labels: { "mypaas.instance": "second" }, anonymous: [{ target: "/x", name: two }] }),
  ];
  assert.deepEqual(said(judgeVolumes(engine({}), known)), ["ok : every volume has a name"]);
  const [first, ...more] = judgeVolumes(engine({ containers }), known);
  assert.deepEqual(more, []);
  assert.deepEqual(said(first === undefined ? [] : [first]), [
    `warning data of web: /data has no mypaas.volume; its data is in the volume ${one}, ${two}`,
  ]);
  assert.match(
    first?.hint ?? "",
    /# mypaas\.volume = data:\/data — .*# mypaas\.volume = none:\/data/,
  );
  const carried = [{ target: "/data", name: one }];
  const serving = [{ service: "web", release: 4, replicas: 1, carried, volumes: [] }];
  assert.deepEqual(said(judgeVolumes(engine({ containers }), { ...known, serving })), [
    `warning data of web: /data has no mypaas.volume; its data is in the volume ${one}`,
  ]);
  assert.deepEqual(
    said(judgeVolumes(engine({ containers }), { ...known, busy: new Set(["web"]) })),
    ["ok : every volume has a name"],
  );
});

test("published ports: all addresses warn, and 127.0.0.1 does before Docker 28", () => {
  const on = (ip: string) => replica({ published: [{ ip, port: 5432, protocol: "tcp" }] });
  const judge = (ips: readonly string[], version = "28.1.0") =>
    said(judgePublished(engine({ containers: ips.map(on) }), known, version));
  assert.deepEqual(judge(["0.0.0.0", "::"]), [
    "warning port 5432/tcp: web publishes it on all addresses; ufw and firewalld do not block it",
  ]);
  assert.deepEqual(judge(["127.0.0.1"]), ["ok : 1, each bound to one address"]);
  assert.deepEqual(judge(["127.0.0.1"], "27.5.1"), [
    "warning port 5432/tcp: web publishes it on 127.0.0.1; before Docker 28, other machines on the network segment can reach it",
  ]);
  assert.deepEqual(judge([]), ["ok : none"]);
});

test("logs: ours beyond their rotation, others' above 1 GB", () => {
  const other = { ...replica({ name: "other", rotates: false }), labels: {} };
  const judge = (ours: number, others: number) =>
    said(
      judgeLogs(
        [
          { container: replica(), bytes: ours },
          { container: other, bytes: others },
        ],
        "mypaas",
      ),
    );
  assert.deepEqual(judge(30e6, 900e6), ["ok : 930 MB in 2 containers"]);
  assert.deepEqual(judge(40e6, 2e9), [
    "warning container log: web: 40 MB",
    "warning container log: other: 2 GB, without a size limit",
  ]);
});

test("a maintenance is a warning, because it is easily forgotten, and so is a page that does not run", () => {
  const page = "mypaas-page";
  const served = engine({
    containers: [replica({ name: page, labels: { "mypaas.role": "page" } })],
  });
  const closed = [{ service: "web", since: now - 7_200_000 }];
  assert.deepEqual(
    judgeMaintenance(served, [], { page, now }).map(({ evidence }) => evidence),
    ["no service is in maintenance"],
  );
  const [one, ...none] = judgeMaintenance(served, closed, { page, now });
  assert.deepEqual(
    [one?.title, one?.evidence, one?.hint, none],
    [
      "maintenance of web",
      "its routes have answered 503 for 2 h",
      "end it: mypaas maintenance web off",
      [],
    ],
  );
  const [, without] = judgeMaintenance(engine({}), closed, { page, now });
  assert.equal(
    without?.evidence,
    "container mypaas-page does not run, so visitors get 503 without a page",
  );
});
