import { cmd, copy, lines, type Asked, type Made } from "../instructions.ts";
import { Question } from "../question.ts";
import { siteLines } from "../site.ts";
import { newest, nodeLines } from "../versions.ts";
import type { Folder } from "../folder.ts";
import { plainPath } from "../folder.ts";
import { frameworkOf, type Built } from "./frameworks.ts";
import { readPackage, type Manager, type Package } from "./package.ts";

/** A package of Node: a program, or files for browsers that a build makes. */
export function node(asked: Asked): Made {
  const { folder, web, port } = asked;
  const found = readPackage(folder);
  const framework = frameworkOf({ found, folder });
  const { manager } = found;
  const version = newest(found.engine, nodeLines);
  const build = found.scripts.has("build");
  const built = build ? framework?.built : undefined;
  const words = [manager.name, framework?.name].filter((word) => word !== undefined);
  const common = {
    what: `node (${words.join(", ")})`,
    notes: [
      ...(version.note === undefined ? [] : [version.note]),
      ...(manager.lock === undefined
        ? [`no lock file of ${manager.name}: every build may take other versions`]
        : []),
    ],
    ignore: [
      "node_modules",
      "npm-debug.log*",
      ...(build ? [...outputs, ...(built?.kind === "site" ? [built.folder] : [])] : []),
    ],
  };
  const image = `node:${version.line}`;
  if (built?.kind === "site" && web === undefined) {
    const from = `COPY --from=build /app/${built.folder} /srv`;
    const head = buildStage({ found, folder, image, build, isSite: true });
    return {
      ...common,
      lines: [...head, "", ...siteLines({ copy: from, port, isApp: built.isApp })],
    };
  }
  const start = startOf(asked, found, built);
  const copies = web === undefined && built?.kind === "program" ? built.copies : undefined;
  const isPruned = copies === undefined && !needsDevelopment(found, start.command);
  const head = buildStage({ found, folder, image, build, isSite: false, isPruned });
  const address = `${found.has("next") ? " HOSTNAME=0.0.0.0" : ""}${found.has("fastify-cli") ? " FASTIFY_ADDRESS=0.0.0.0" : ""}`;
  return {
    ...common,
    lines: lines(
      ...head,
      "",
      "# What runs.",
      `FROM ${image}-slim`,
      "WORKDIR /app",
      "RUN chown node:node /app",
      `ENV NODE_ENV=production HOST=0.0.0.0${address} PORT=${port}`,
      ...(copies ?? [{ from: "", to: "./" }]).map(
        ({ from, to }) =>
          `COPY --from=build --chown=node:node /app${from === "" ? "" : `/${from}`} ${to}`,
      ),
      "USER node",
      `EXPOSE ${port}`,
      start.line,
    ),
  };
}

/** What builds leave in the folder of a developer. */
const outputs = ["dist", ".next", ".nuxt", ".output", ".svelte-kit", ".astro"];

interface Stage {
  readonly found: Package;
  readonly folder: Folder;
  readonly image: string;
  readonly build: boolean;
  readonly isSite: boolean;
  /** Packages for development are left out of what runs. */
  readonly isPruned?: boolean;
}

function buildStage({ found, folder, image, build, isSite, isPruned = false }: Stage) {
  const { manager, needsAll } = found;
  const isLean = isPruned && !build && !needsAll;
  const files = ["package.json", manager.lock, ".npmrc", ".yarnrc.yml"].filter(
    (file) => file !== undefined && folder.has(file),
  ) as readonly string[];
  const install = `RUN ${installOf(manager, isLean)}`;
  const prune = isPruned && !isLean && !isSite ? pruneOf(manager) : undefined;
  return lines(
    "# Packages that are written in C need its compiler, so they are built here.",
    `FROM ${image} AS build`,
    "WORKDIR /app",
    getOf(manager),
    manager.isBerry && "ENV YARN_NODE_LINKER=node-modules",
    ...(needsAll
      ? ["# Installing needs more than the lock file here.", "COPY . .", install]
      : [
          "# The packages first: this step is done again only when they change.",
          copy(files),
          install,
          "COPY . .",
        ]),
    build && `RUN ${manager.name} run build`,
    prune !== undefined && "# What only building needs goes.",
    prune !== undefined && `RUN ${prune}`,
  );
}

/** Gets the program itself; npm is in the image. */
function getOf({ name, version, isBerry }: Manager): string | undefined {
  if (name === "npm") return undefined;
  if (name === "pnpm") return `RUN npm install --global pnpm@${version ?? "10"}`;
  // The image may have a yarn of its own.
  return isBerry
    ? `RUN npm install --global --force @yarnpkg/cli-dist@${version ?? "4"}`
    : `RUN npm install --global --force yarn@${version ?? "1"}`;
}

function installOf({ name, isBerry, lock }: Manager, isLean: boolean): string {
  if (name === "npm")
    return `npm ${lock === undefined ? "install" : "ci"}${isLean ? " --omit=dev" : ""}`;
  const frozen = lock === undefined ? "" : isBerry ? " --immutable" : " --frozen-lockfile";
  if (isBerry) return `yarn install${frozen}`;
  return `${name} install${frozen}${isLean ? (name === "pnpm" ? " --prod" : " --production") : ""}`;
}

function pruneOf({ name, isBerry, lock }: Manager): string | undefined {
  if (name === "npm") return "npm prune --omit=dev";
  if (name === "pnpm") return "CI=true pnpm prune --prod";
  return isBerry
    ? undefined
    : `yarn install --production --ignore-scripts${lock === undefined ? "" : " --frozen-lockfile"}`;
}

interface Start {
  /** What is typed, to see which packages it needs. */
  readonly command: string;
  readonly line: string;
}

function startOf({ folder, web }: Asked, found: Package, built: Built | undefined): Start {
  if (web !== undefined) return { command: web, line: cmd(withPath(web, found), "Procfile: web") };
  if (built?.kind === "program")
    return { command: built.start, line: cmd(withPath(built.start, found), "start") };
  const production = found.scripts.get("start:prod");
  const name = production === undefined ? "start" : "start:prod";
  const script = production ?? found.scripts.get("start");
  if (script !== undefined) return { command: script, line: scriptLine(name, script, found) };
  const main = [found.main, "server.js", "index.js", "app.js", "src/index.js"].find(
    (file) => file !== undefined && folder.has(file.replace(/^\.\//, "")),
  );
  if (main !== undefined) {
    const command = `node ${plainPath(main.replace(/^\.\//, ""))}`;
    return { command, line: cmd(command, "package.json: main") };
  }
  throw new Question(
    "package.json: nothing tells how the program starts",
    'add scripts.start, such as "start": "node server.js", or a file Procfile with a line such as: web: node server.js',
  );
}

/** A script that is one plain command of a program or package is started without npm, so that signals reach it. */
function scriptLine(name: string, script: string, found: Package): string {
  const [program = ""] = script.split(/\s/);
  const isPlain = /^[\w@%+=:,./ -]+$/.test(script) && !/^\w+=/.test(script);
  const hooks = [`pre${name}`, `post${name}`].some((hook) => found.scripts.has(hook));
  if (isPlain && !hooks && (program === "node" || isOwnProgram(program, found)))
    return cmd(withPath(script, found), `package.json: scripts.${name}`);
  return cmd(name === "start" ? "npm start" : `npm run ${name}`, "npm");
}

/** Programs of packages that have another name than their package. */
const programs: Readonly<Record<string, string>> = {
  "react-router-serve": "@react-router/serve",
  "remix-serve": "@remix-run/serve",
  fastify: "fastify-cli",
  nest: "@nestjs/cli",
};

const packageOf = (program: string): string => programs[program] ?? program;

const isOwnProgram = (program: string, { has }: Package): boolean =>
  /^[\w-]+$/.test(program) && has(packageOf(program));

const withPath = (command: string, found: Package): string => {
  const [program = "", ...rest] = command.split(/\s+/);
  return isOwnProgram(program, found) && program !== "node"
    ? [`node_modules/.bin/${program}`, ...rest].join(" ")
    : command;
};

/** True where a word of the command is a package for development, such as tsx. */
const needsDevelopment = ({ isForDevelopment }: Package, command: string): boolean =>
  command.split(/[^\w@/.-]+/).some((word) => isForDevelopment(packageOf(word)));
