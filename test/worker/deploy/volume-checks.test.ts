import assert from "node:assert/strict";
import { test } from "node:test";
import type { VolumeSpec } from "../../../src/core/release/spec.ts";
import { refuseHostPath, refuseVolumes } from "../../../src/worker/deploy/volumes.ts";
import { release } from "../../support/releases.ts";
import { refusal } from "../../support/worker.ts";

/** `~/dir`, `/dir` or `name`, with `:ro` behind it. */
function volume(text: string): VolumeSpec {
  const [source = "", mode] = text.split(":");
  const more = { target: `/${source}`, readOnly: mode === "ro" };
  if (source.startsWith("~/")) return { kind: "home", source: source.slice(2), ...more };
  return { kind: source.startsWith("/") ? "absolute" : "named", source, ...more };
}

const service = (name: string, ...volumes: readonly string[]) =>
  release(name, 1, { spec: { volumes: volumes.map((text) => volume(text)) } });
const config = {
  owner: { name: "ann", home: "/home/ann" },
  volumes: { allow: ["/srv/data/", "/home/ann/old"] },
};
const check = (own: readonly string[], ...others: readonly string[]) => {
  const live = others.length === 0 ? [] : [service("blog", ...others)];
  refuseVolumes(service("web", ...own).spec, { config, live });
};

const fine: readonly (readonly [string, readonly string[], readonly string[]])[] = [
  ["an allowed path and one below it, read-only", ["/srv/data:ro", "/srv/data/web:ro"], []],
  ["folders beside each other", ["~/data", "~/data2", "~/d"], ["~/dat", "/srv/data/x"]],
  ["the same folder in two services", ["~/data"], ["~/data"]],
  ["a folder in one that nobody can change", ["~/data/up"], ["~/data:ro"]],
  ["a folder in one that it only reads", ["~/data:ro"], ["~/data/up"]],
  ["named volumes", ["data", "data2"], ["data"]],
];

for (const [title, own, others] of fine) {
  test(`volumes: ${title}: fine`, () => assert.doesNotThrow(() => check(own, ...others)));
}

const notAllowed =
  "this server does not allow the path\nhint: use name:/path or ~/dir:/path, or list the path on the server in config.yml: volumes.allow";
const beside = "hint: choose folders beside each other, such as ~/web-data and ~/web-uploads";

const refused: readonly (readonly [string, readonly string[], readonly string[], string])[] = [
  ["a host path", ["/srv/database"], [], `volume /srv/database: ${notAllowed}`],
  ["one that climbs out", ["/srv/data/../../etc"], [], `volume /srv/data/../../etc: ${notAllowed}`],
  [
    "a folder in one that another service can change",
    ["~/data/up:ro"],
    ["~/data"],
    `volume ~/data/up: lies inside ~/data, which service "blog" can change\n${beside}`,
  ],
  [
    "a folder around a volume of another service",
    ["~/data"],
    ["~/data/up:ro"],
    `volume ~/data: holds ~/data/up, a volume of service "blog"\n${beside}`,
  ],
  [
    "a folder in another of its own",
    ["~/data/up", "~/data"],
    [],
    `volume ~/data/up: lies inside ~/data, which service "web" can change\n${beside}`,
  ],
  [
    "a host path in a home volume",
    ["/home/ann/old/x"],
    ["~/old"],
    `volume /home/ann/old/x: lies inside ~/old, which service "blog" can change\n${beside}`,
  ],
];

for (const [title, own, others, expected] of refused) {
  test(`volumes: ${title} is refused`, async () => {
    assert.equal(await refusal(() => check(own, ...others)), expected);
  });
}

test("volumes: an allowed path that is a link to somewhere else is refused", async () => {
  assert.equal(
    await refusal(() => refuseHostPath("/srv/data/x", "/etc", ["/srv/data"])),
    `volume /srv/data/x: ${notAllowed.replace("\n", ", it leads to /etc\n")}`,
  );
});
