import type { Folder } from "../folder.ts";
import { plainPath } from "../folder.ts";
import { Question } from "../question.ts";
import { angularOutput, type Package } from "./package.ts";

/** What the build of a framework leaves: files for browsers, or a program. */
export type Built =
  | { readonly kind: "site"; readonly folder: string; readonly isApp: boolean }
  /** `copies` are paths of the build that run without packages; left out, all of it is needed. */
  | { readonly kind: "program"; readonly start: string; readonly copies?: readonly Copied[] };

interface Copied {
  readonly from: string;
  readonly to: string;
}

interface Framework {
  readonly name: string;
  readonly built: (asked: Of) => Built | undefined;
}

interface Of {
  readonly found: Package;
  readonly folder: Folder;
}

const site = (folder: string, isApp = false): Built => ({ kind: "site", folder, isApp });
const configOf = ({ folder }: Of, name: string): string =>
  ["js", "mjs", "cjs", "ts", "mts"]
    .map((end) => folder.text(`${name}.config.${end}`))
    .find((text) => text !== undefined) ?? "";

/** By the dependency that tells it, the more telling one first. */
const frameworks: readonly (readonly [dependency: string, framework: Framework])[] = [
  ["next", { name: "next", built: next }],
  ["nuxt", { name: "nuxt", built: nuxt }],
  ["@sveltejs/kit", { name: "sveltekit", built: svelte }],
  ["astro", { name: "astro", built: astro }],
  ["@react-router/serve", { name: "react-router", built: () => undefined }],
  ["@remix-run/serve", { name: "remix", built: () => undefined }],
  ["@nestjs/core", { name: "nest", built: () => undefined }],
  ["@angular/core", { name: "angular", built: angular }],
  ["react-scripts", { name: "create-react-app", built: () => site("build", true) }],
  ["@vue/cli-service", { name: "vue-cli", built: () => site("dist", true) }],
  ["gatsby", { name: "gatsby", built: () => site("public") }],
  ["@docusaurus/core", { name: "docusaurus", built: () => site("build") }],
  ["@11ty/eleventy", { name: "eleventy", built: () => site("_site") }],
  ["express", { name: "express", built: () => undefined }],
  ["fastify", { name: "fastify", built: () => undefined }],
  ["hono", { name: "hono", built: () => undefined }],
  ["koa", { name: "koa", built: () => undefined }],
  ["vite", { name: "vite", built: vite }],
];

/** The framework of a package, and what its build leaves; undefined where that is a matter of the start script. */
export function frameworkOf(
  of: Of,
): { readonly name: string; readonly built: Built | undefined } | undefined {
  const found = frameworks.find(([dependency]) => of.found.has(dependency))?.[1];
  return found && { name: found.name, built: found.built(of) };
}

function next(of: Of): Built | undefined {
  const config = configOf(of, "next");
  if (/output\s*:\s*["']export["']/.test(config)) return site("out");
  if (!/output\s*:\s*["']standalone["']/.test(config))
    return { kind: "program", start: "next start" };
  const isThere = of.folder.paths.some((path) => path.startsWith("public/"));
  return {
    kind: "program",
    start: "node server.js",
    copies: [
      { from: ".next/standalone", to: "./" },
      { from: ".next/static", to: ".next/static" },
      ...(isThere ? [{ from: "public", to: "public" }] : []),
    ],
  };
}

function nuxt({ found }: Of): Built {
  if (/\bnuxi? generate\b/.test(found.scripts.get("build") ?? "")) return site(".output/public");
  const copies = [{ from: ".output", to: ".output" }];
  return { kind: "program", start: "node .output/server/index.mjs", copies };
}

function svelte({ found }: Of): Built {
  if (found.has("@sveltejs/adapter-static")) return site("build");
  if (found.has("@sveltejs/adapter-node")) return { kind: "program", start: "node build" };
  throw new Question(
    "svelte.config.js: its adapter makes nothing that a server of your own can run",
    "npm install --save-dev @sveltejs/adapter-node, and import it in svelte.config.js; for files alone, @sveltejs/adapter-static",
  );
}

function astro({ found }: Of): Built {
  return found.has("@astrojs/node")
    ? { kind: "program", start: "node dist/server/entry.mjs" }
    : site("dist");
}

function angular({ found, folder }: Of): Built {
  if (found.has("@angular/ssr"))
    throw new Question(
      "angular.json: pages that the server renders need a start script of their own",
      "write a Dockerfile, or a Procfile with a line such as: web: node dist/NAME/server/server.mjs",
    );
  return site(plainPath(angularOutput(folder) ?? "dist"), true);
}

/** With a start script of its own it is a server that happens to use Vite. */
function vite({ found }: Of): Built | undefined {
  const start = found.scripts.get("start") ?? "vite";
  return /^(?:npx )?(?:vite|npm run|pnpm|yarn)\b/.test(start) ? site("dist", true) : undefined;
}
