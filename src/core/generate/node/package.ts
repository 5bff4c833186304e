import { isFields, readJson, textOf, within, type Fields } from "../data-files.ts";
import type { Folder } from "../folder.ts";
import { Question } from "../question.ts";
import { isFrom } from "../versions.ts";

/** What package.json and the lock file beside it say. */
export interface Package {
  readonly manager: Manager;
  readonly scripts: ReadonlyMap<string, string>;
  readonly main: string | undefined;
  /** Names of dependencies, with those for development. */
  readonly has: (dependency: string) => boolean;
  readonly isForDevelopment: (dependency: string) => boolean;
  /** Range of versions of Node. */
  readonly engine: string | undefined;
  /** True where several packages, or scripts of the installation, need more files than the lock file. */
  readonly needsAll: boolean;
}

/** The program that installs packages. */
export interface Manager {
  readonly name: "npm" | "pnpm" | "yarn";
  /** The version that package.json asks for. */
  readonly version: string | undefined;
  readonly isBerry: boolean;
  readonly lock: string | undefined;
}

const locks = [
  ["package-lock.json", "npm"],
  ["npm-shrinkwrap.json", "npm"],
  ["pnpm-lock.yaml", "pnpm"],
  ["yarn.lock", "yarn"],
] as const;

/** Reads package.json; throws Question where it is broken, or where two lock files contradict each other. */
export function readPackage(folder: Folder): Package {
  const fields = readJson(folder.text("package.json") ?? "", "package.json");
  const own = within(fields, "dependencies");
  const development = within(fields, "devDependencies");
  const scripts = textsOf(within(fields, "scripts"));
  const has = (name: string) => Object.hasOwn(own, name) || Object.hasOwn(development, name);
  return {
    manager: managerOf(fields, folder),
    scripts,
    main: textOf(fields, "main"),
    has,
    isForDevelopment: (name) => !Object.hasOwn(own, name) && Object.hasOwn(development, name),
    engine:
      textOf(within(fields, "engines"), "node") ??
      folder.text(".nvmrc")?.trim() ??
      folder.text(".node-version")?.trim(),
    needsAll:
      Object.hasOwn(fields, "workspaces") ||
      folder.has("pnpm-workspace.yaml") ||
      folder.has("prisma/schema.prisma") ||
      folder.paths.some((path) => /^(?:\.yarn|patches)\//.test(path)) ||
      ["preinstall", "install", "postinstall", "prepare"].some((name) => scripts.has(name)),
  };
}

const textsOf = (fields: Fields): ReadonlyMap<string, string> =>
  new Map(
    Object.keys(fields).flatMap((name) => {
      const text = textOf(fields, name);
      return text === undefined ? [] : [[name, text] as const];
    }),
  );

function managerOf(fields: Fields, folder: Folder): Manager {
  const asked = textOf(fields, "packageManager") ?? "";
  const [, word, version] = /^([a-z]+)@(\d+\.\d+\.\d+(?:-[\w.]+)?)(?:\+[\w.]+)?$/.exec(asked) ?? [];
  const found = locks.filter(([file]) => folder.has(file));
  const isBun = folder.has("bun.lock") || folder.has("bun.lockb") || word === "bun";
  const names = [...new Set(found.map(([, name]) => name))];
  const said = locks.find(([, name]) => name === word)?.[1];
  if (isBun && names.length === 0)
    throw new Question(
      "package.json: no Dockerfile can be made for Bun",
      "write a Dockerfile; the image oven/bun:1-slim has Bun",
    );
  if (said === undefined && names.length > 1)
    throw new Question(
      `${found.map(([file]) => file).join(" and ")}: which of them is right?`,
      "remove the other one",
    );
  const name = said ?? names[0] ?? "npm";
  const lock = found.find(([, of]) => of === name)?.[0];
  const isBerry =
    name === "yarn" &&
    (version === undefined
      ? folder.has(".yarnrc.yml") || /^__metadata:/m.test(folder.text("yarn.lock") ?? "")
      : isFrom(version, "2.0.0"));
  const asLocked = name === "pnpm" ? pnpmOf(folder.text("pnpm-lock.yaml") ?? "") : undefined;
  return { name, version: said === undefined ? asLocked : version, isBerry, lock };
}

/** The major version of pnpm that wrote a lock file. */
function pnpmOf(lock: string): string | undefined {
  const [, major = ""] = /^lockfileVersion:\s*'?(\d+)/m.exec(lock) ?? [];
  return { "5": "7", "6": "8", "9": "10" }[major];
}

/** The options of a workspace in angular.json, as far as the folder of its result is concerned. */
export function angularOutput(folder: Folder): string | undefined {
  const fields = readJson(folder.text("angular.json") ?? "{}", "angular.json");
  const projects = within(fields, "projects");
  const [name] = Object.keys(projects).filter((one) => /^[\w.-]+$/.test(one));
  if (name === undefined) return undefined;
  const build = within(projects, name, "architect", "build");
  const options = within(build, "options");
  const path = isFields(options["outputPath"])
    ? textOf(within(options, "outputPath"), "base")
    : textOf(options, "outputPath");
  const isOld = /:browser(?:-esbuild)?$/.test(textOf(build, "builder") ?? "");
  return `${path ?? `dist/${name}`}${isOld ? "" : "/browser"}`;
}
