import assert from "node:assert/strict";
import { test } from "node:test";
import { diskOwners, type EngineDisk } from "../../../src/core/server/disk.ts";

const instance = { "mypaas.instance": "mypaas" };
const web = { ...instance, "mypaas.service": "web" };

const empty: EngineDisk = {
  rootDir: "/var/lib/docker",
  layers: 0,
  images: [],
  containers: [],
  volumes: [],
  cache: 0,
};
const known = {
  instance: "mypaas",
  images: new Map([
    ["mypaas/web:r2", "web"],
    ["mypaas/api:r1", "api"],
  ]),
  ownImages: new Set(["traefik:v3"]),
  adopted: new Map([["old_data", "web"]]),
};
const owners = (engine: Partial<EngineDisk>, blobs: readonly string[] = []) =>
  diskOwners(
    { ...empty, ...engine },
    { state: 0, blobs: blobs.map((sha256) => ({ sha256, bytes: 10 })) },
    known,
    new Map([
      ["a", ["web"]],
      ["b", ["web", "api"]],
    ]),
  ).map(({ owner, whose, kind, bytes }) => `${whose} ${owner} ${kind} ${bytes}`);

test("each image counts for its service, and layers of several images for all", () => {
  const image = (unique: number, tags: readonly string[], labels = {}) => ({
    unique,
    tags,
    labels,
  });
  assert.deepEqual(
    owners({
      layers: 1000,
      images: [
        image(1, [], web),
        image(2, ["mypaas/web:r2"]),
        image(4, ["mypaas/web:r2", "mypaas/api:r1"]),
        image(8, ["traefik:v3"]),
        image(16, [], instance),
        image(32, ["postgres:17"], { "mypaas.instance": "other", "mypaas.service": "web" }),
      ],
    }),
    [
      "service web images 3",
      "shared shared images 941",
      "mypaas mypaas images 24",
      "others others images 32",
    ],
  );
});

test("volumes count by label, by adoption and by the container that has them", () => {
  const volume = (name: string, bytes: number, labels = {}) => ({ name, bytes, labels });
  assert.deepEqual(
    owners({
      containers: [
        { labels: web, written: 100, logs: 7, volumes: ["anonymous"] },
        { labels: instance, written: 0, logs: 9, volumes: [] },
        { labels: {}, written: 11, logs: 0, volumes: ["foreign"] },
      ],
      volumes: [
        volume("mypaas-web-data", 1, web),
        volume("old_data", 2),
        volume("anonymous", 4),
        volume("foreign", 8),
        volume("nobody", 16),
      ],
      cache: 5,
    }),
    [
      "service web containers 100",
      "service web logs 7",
      "service web volumes 7",
      "shared shared cache 5",
      "mypaas mypaas logs 9",
      "others others volumes 24",
      "others others containers 11",
    ],
  );
});

test("a blob counts for the service that sent it, for all where several have, and for mypaas where no push needs it", () => {
  assert.deepEqual(owners({}, ["a", "b", "c"]), [
    "service web blobs 10",
    "shared shared blobs 10",
    "mypaas mypaas blobs 10",
  ]);
});
