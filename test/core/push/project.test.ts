import assert from "node:assert/strict";
import { test } from "node:test";
import {
  isOtherProject,
  plainRemote,
  type Likeness,
  type Project,
} from "../../../src/core/push/project.ts";

const shop: Project = {
  origins: ["git-shop"],
  machine: "laptop",
  place: "laptop:shop",
  dockerfile: "Dockerfile",
  name: "shop",
};
const bare: Project = { ...shop, origins: [] };
const elsewhere = { machine: "ci", place: "ci:build-7" };

type Case = readonly [
  string,
  Project | undefined,
  Project | undefined,
  number,
  Likeness["routes"],
  boolean,
];

/** Title, project before, project now, part of known files, what becomes of the routes, expected. */
const cases: readonly Case[] = [
  ["an older laptop", shop, undefined, 0, "lost", false],
  ["a service of an older version", undefined, shop, 0, "lost", false],
  ["the same folder", shop, shop, 0, "lost", false],
  ["the same folder without git", bare, bare, 0, "lost", false],
  [
    "another laptop or CI with the same repository",
    shop,
    { ...shop, ...elsewhere },
    0,
    "lost",
    false,
  ],
  ["git since then", bare, shop, 0, "lost", false],
  [
    "another address of the repository in the same folder",
    shop,
    { ...shop, origins: ["x"] },
    0,
    "lost",
    false,
  ],
  [
    "another Dockerfile of the repository, same routes",
    shop,
    { ...shop, dockerfile: "b" },
    0,
    "changed",
    false,
  ],
  [
    "another Dockerfile of the repository, other routes",
    shop,
    { ...shop, dockerfile: "b" },
    1,
    "lost",
    true,
  ],
  [
    "another repository",
    shop,
    { ...shop, origins: ["x"], place: "laptop:x" },
    0.2,
    "changed",
    true,
  ],
  [
    "a repository that was moved, same files",
    shop,
    { ...shop, origins: ["x"], place: "laptop:x" },
    0.9,
    "changed",
    false,
  ],
  [
    "a copy with other routes",
    shop,
    { ...shop, origins: ["x"], place: "laptop:x" },
    0.9,
    "lost",
    true,
  ],
  ["another folder without git", bare, { ...bare, place: "laptop:blog" }, 0, "changed", true],
  [
    "a folder without git that was moved",
    bare,
    { ...bare, place: "laptop:new" },
    0.8,
    "changed",
    false,
  ],
  ["CI without git, same routes", bare, { ...bare, ...elsewhere }, 0, "changed", false],
  ["another machine without git, other routes", bare, { ...bare, ...elsewhere }, 0, "lost", true],
  [
    "one with git and one without, same routes",
    shop,
    { ...bare, ...elsewhere },
    0,
    "changed",
    false,
  ],
  [
    "another repository with the same domain",
    shop,
    { ...shop, origins: ["x"], place: "laptop:x" },
    0,
    "kept",
    false,
  ],
];

for (const [title, before, now, knownFiles, routes, expected] of cases)
  test(`another project: ${title}: ${expected ? "asks" : "goes on"}`, () =>
    assert.equal(isOtherProject(before, now, { knownFiles, routes }), expected));

const remotes: readonly (readonly [string, string])[] = [
  ["git@github.com:Acme/shop.git", "github.com/Acme/shop"],
  ["https://github.com/Acme/shop", "github.com/Acme/shop"],
  ["https://token:x@GitHub.com/Acme/shop.git/", "github.com/Acme/shop"],
  ["ssh://git@github.com:22/Acme/shop.git", "github.com/Acme/shop"],
  ["gitlab.local:group/sub/app.git", "gitlab.local/group/sub/app"],
  ["/srv/git/shop.git", "/srv/git/shop"],
  ["../shop", "/../shop"],
  ["https://github.com/", ""],
  ["", ""],
];
for (const [url, expected] of remotes)
  test(`git remote ${url || "without an address"}`, () => assert.equal(plainRemote(url), expected));
