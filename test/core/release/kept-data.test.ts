import assert from "node:assert/strict";
import { test } from "node:test";
import { decideData, heldBy, mountsToRemember } from "../../../src/core/release/kept-data.ts";
import type { Mount } from "../../../src/core/release/release.ts";
import type { Scale, VolumeSpec } from "../../../src/core/release/spec.ts";
import { release } from "../../support/releases.ts";

const [a, b] = ["a".repeat(64), "b".repeat(64)];
const found = (target: string, name: string, replica = 1) => ({ target, name, replica });
const mount = (source: string, target: string, more: Partial<Mount> = {}): Mount => ({
  type: "volume",
  source,
  target,
  readOnly: false,
  ...more,
});
const named = (target: string): VolumeSpec => ({
  kind: "named",
  source: "data",
  target,
  readOnly: false,
});
const replace: Scale = { kind: "replace" };

/** What a release with these settings mounts, after one with those mounts and volumes. */
function decide(
  spec: { readonly volumes?: readonly VolumeSpec[]; readonly scale?: Scale },
  more: {
    readonly declared?: readonly string[];
    readonly before?: readonly Mount[];
    readonly found?: Parameters<typeof heldBy>[1];
    readonly existing?: readonly string[];
    readonly isRepeat?: boolean;
    readonly hasPredecessor?: boolean;
  },
) {
  const { volumes = [], scale = replace } = spec;
  const mounts = volumes.map(({ kind, target }) =>
    kind === "none" ? mount("", target, { type: "none" }) : mount("mypaas-web-data", target),
  );
  const { isRepeat = true, hasPredecessor = true, declared = ["/x"], before = [] } = more;
  const planned = { ...release("web", 2, { spec: { volumes, scale } }), mounts };
  const answer = decideData({
    release: planned,
    declared,
    held: heldBy({ mounts: before }, more.found ?? []),
    existing: new Set(more.existing),
    isRepeat,
    hasPredecessor,
  });
  return {
    mounts: answer.mounts.map(
      ({ source, target, carried }) => `${source}:${target}${carried ? " carried" : ""}`,
    ),
    uncovered: answer.uncovered,
    left: answer.left.map(({ target, volume }) => `${volume}:${target}`),
    adopted: answer.adopted.map(({ name }) => name),
  };
}

const nothing = { mounts: [], uncovered: [], left: [], adopted: [] };

test("kept data: a push that does not name it is refused, also over data that is there", () => {
  const refused = { ...nothing, uncovered: ["/x"] };
  assert.deepEqual(decide({}, { isRepeat: false }), refused);
  assert.deepEqual(decide({}, { isRepeat: false, found: [found("/x", a)] }), {
    ...refused,
    left: [`${a}:/x`],
  });
});

test("kept data: a repeated release goes on with the only volume that there is", () => {
  const kept = { ...nothing, mounts: [`${a}:/x carried`] };
  assert.deepEqual(decide({}, { found: [found("/x", a)] }), kept);
  assert.deepEqual(decide({}, { before: [mount(a, "/x", { carried: true })] }), kept);
  assert.deepEqual(
    decide({}, { before: [mount(a, "/x", { carried: true })], hasPredecessor: false }),
    kept,
  );
});

const refusals: readonly (readonly [string, Scale, Parameters<typeof decide>[1]])[] = [
  ["nothing is known of its data", replace, {}],
  ["two replicas had one each", replace, { found: [found("/x", a), found("/x", b, 2)] }],
  ["old and new would have it at once", { kind: "roll", replicas: 1 }, { found: [found("/x", a)] }],
  ["several would have it at once", { kind: "safe", replicas: 2 }, { found: [found("/x", a)] }],
];
for (const [why, scale, more] of refusals)
  test(`kept data: a repeated release is refused where ${why}`, () =>
    assert.deepEqual(decide({ scale }, more).uncovered, ["/x"]));

test("kept data: one container that starts alone may have what it had", () => {
  const scale: Scale = { kind: "roll", replicas: 1 };
  assert.deepEqual(decide({ scale }, { found: [found("/x", a)], hasPredecessor: false }).mounts, [
    `${a}:/x carried`,
  ]);
});

test("kept data: a rollback has the volume that the release after it has named", () => {
  assert.deepEqual(decide({}, { before: [mount("mypaas-web-data", "/x")] }), {
    ...nothing,
    mounts: ["mypaas-web-data:/x carried"],
  });
});

test("kept data: a rollback does not get a folder of the server that no line of it names", () => {
  const before = [mount("/home/ann/data", "/x", { type: "bind" })];
  assert.deepEqual(decide({}, { before }).uncovered, ["/x"]);
});

test("kept data: a new named volume is the one that had no name", () => {
  const push = { isRepeat: false, found: [found("/x", b, 2), found("/x", a)] };
  assert.deepEqual(decide({ volumes: [named("/x")] }, push), {
    ...nothing,
    mounts: [`${a}:/x`],
    adopted: ["data"],
    left: [`${b}:/x`],
  });
});

test("kept data: what is not taken over stays where it is, and is told", () => {
  const push = { isRepeat: false, found: [found("/x", a)] };
  const left = [`${a}:/x`];
  assert.deepEqual(decide({ volumes: [named("/x")] }, { ...push, existing: ["mypaas-web-data"] }), {
    ...nothing,
    mounts: ["mypaas-web-data:/x"],
    left,
  });
  const none: VolumeSpec = { kind: "none", source: "", target: "/x", readOnly: false };
  assert.deepEqual(decide({ volumes: [none] }, push), { ...nothing, mounts: [":/x"], left });
});

test("kept data: a stopped release remembers the volume of its first replica at each path", () => {
  const held = heldBy({ mounts: [mount("mypaas-web-data", "/y")] }, [
    found("/x", b, 2),
    found("/x", a, 1),
  ]);
  assert.deepEqual(mountsToRemember(held), [mount(a, "/x", { carried: true })]);
});
