import { readToml, textOf, within, type Fields } from "../data-files.ts";
import type { Folder } from "../folder.ts";
import { Question } from "../question.ts";

/** The program that installs the packages. */
export type Installer = "uv" | "poetry" | "pipenv" | "pip" | "pip of pyproject";

/** What the files of a Python project say. */
export interface Project {
  readonly installer: Installer;
  readonly has: (dependency: string) => boolean;
  /** Range of versions of Python. */
  readonly asked: string | undefined;
  /** True where the project itself is a package that has to be installed. */
  readonly isPackage: boolean;
}

/** Reads the files of a Python project; throws Question where one is broken, or where two lock files contradict each other. */
export function readProject(folder: Folder): Project {
  const pyproject = tomlOf(folder, "pyproject.toml");
  const pipfile = tomlOf(folder, "Pipfile");
  const requirements = folder.text("requirements.txt") ?? "";
  const project = within(pyproject, "project");
  const poetry = within(pyproject, "tool", "poetry");
  const isPackage = Object.hasOwn(pyproject, "build-system");
  const lists = [
    ...requirements.split("\n"),
    ...texts(project["dependencies"]),
    ...Object.keys(within(poetry, "dependencies")),
    ...Object.keys(within(pipfile, "packages")),
  ];
  const names = new Set(lists.flatMap((one) => nameOf(one) ?? []));
  return {
    installer: installerOf(folder, { poetry, project, isPackage }),
    has: (name) => names.has(name),
    asked:
      folder.text(".python-version")?.trim().split("\n")[0] ??
      /python-(\S+)/.exec(folder.text("runtime.txt") ?? "")?.[1] ??
      textOf(project, "requires-python") ??
      textOf(within(poetry, "dependencies"), "python") ??
      textOf(within(pipfile, "requires"), "python_version"),
    isPackage,
  };
}

const tomlOf = (folder: Folder, file: string): Fields => {
  const text = folder.text(file);
  return text === undefined ? {} : readToml(text, file);
};

const texts = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((one) => typeof one === "string") : [];

/** `Flask[async]>=3` is `flask`. */
function nameOf(requirement: string): string | undefined {
  const [, name] = /^\s*([A-Za-z0-9][\w.-]*)/.exec(requirement.slice(0, 300)) ?? [];
  return name?.toLowerCase().replaceAll(/[._-]+/g, "-");
}

interface Tables {
  readonly poetry: Fields;
  readonly project: Fields;
  readonly isPackage: boolean;
}

const locks = [
  ["uv.lock", "uv"],
  ["poetry.lock", "poetry"],
  ["Pipfile.lock", "pipenv"],
] as const;

function installerOf(folder: Folder, { poetry, project, isPackage }: Tables): Installer {
  const found = locks.filter(([file]) => folder.has(file));
  if (found.length > 1)
    throw new Question(
      `${found.map(([file]) => file).join(" and ")}: which of them is right?`,
      "remove the other one",
    );
  const [lock] = found;
  if (lock !== undefined) return lock[1];
  if (folder.has("requirements.txt")) return "pip";
  if (folder.has("Pipfile")) return "pipenv";
  if (Object.keys(poetry).length > 0 && Object.keys(project).length === 0) return "poetry";
  // Without a build system it is only a list of packages, which pip cannot install.
  if (folder.has("pyproject.toml") && !isPackage) return "uv";
  if (folder.has("pyproject.toml") || folder.has("setup.py")) return "pip of pyproject";
  throw new Question(
    "python: no file names its packages",
    "write a requirements.txt; without any packages it may be empty",
  );
}
