import { parseDockerfile } from "../dockerfile/parse.ts";
import type { Hint } from "../hints.ts";
import { isCalledDockerfile } from "../push/archive-context.ts";
import { go } from "./go.ts";
import type { Folder } from "./folder.ts";
import type { Asked, Made } from "./instructions.ts";
import { node } from "./node/node.ts";
import { php } from "./php.ts";
import { readProcfile, type Procfile } from "./procfile.ts";
import { python } from "./python/python.ts";
import { Question } from "./question.ts";
import { ruby } from "./ruby.ts";
import { readSettings, type Settings } from "./settings.ts";
import { site } from "./site.ts";
import { command, hint } from "../hints.ts";

/** A Dockerfile that mypaas made, or the one question without whose answer it cannot. */
export type Outcome =
  | MadeDockerfile
  | { readonly kind: "question"; readonly question: string; readonly hint: Hint };

export interface MadeDockerfile {
  readonly kind: "made";
  readonly dockerfile: string;
  readonly dockerignore: string;
  readonly port: number;
  readonly service: string;
  /** Such as `python (pip, flask)`. */
  readonly what: string;
  /** Sentences about what may surprise. */
  readonly notes: readonly string[];
}

type Language = (asked: Asked) => Made;

/** Files that tell the language, in the order in which they count. */
const languages: readonly (readonly [files: readonly string[], language: Language])[] = [
  [["manage.py"], python],
  [["Gemfile"], ruby],
  [["composer.json"], php],
  [["package.json"], node],
  [["uv.lock", "poetry.lock", "pyproject.toml", "requirements.txt", "Pipfile", "setup.py"], python],
  [["go.mod"], go],
  [["index.php", "public/index.php"], php],
  [["index.html", "public/index.html"], site],
];

/** Files of languages for which nothing is made. */
const others: readonly (readonly [RegExp, string])[] = [
  [/^Cargo\.toml$/, "Rust"],
  [/^(?:pom\.xml|build\.gradle(?:\.kts)?)$/, "Java"],
  [/^mix\.exs$/, "Elixir"],
  [/^[^/]+\.(?:cs|fs)proj$/, ".NET"],
  [/^deno\.jsonc?$/, "Deno"],
];

/** Makes the Dockerfile of a folder without one. `name` is what the folder is called. Never throws. */
export function generate(folder: Folder, name: string): Outcome {
  try {
    const procfile = readProcfile(folder.text("Procfile") ?? "");
    const settings = readSettings(procfile, name);
    const web = procfile.commands.get("web");
    const made = languageOf(folder)({ folder, web, port: settings.port });
    return written({ made, settings, procfile });
  } catch (error) {
    if (!(error instanceof Question)) throw error;
    return { kind: "question", question: error.message, hint: error.hint };
  }
}

function languageOf(folder: Folder): Language {
  const own = folder.paths.find((path) => !path.includes("/") && isCalledDockerfile(path));
  if (own !== undefined)
    throw new Question(
      "no file is called Dockerfile, but others seem to be one",
      /^[\w.-]+$/.test(own)
        ? hint`name it: ${command(`push ${own}`)}`
        : hint`name it: ${command("push PATH")}`,
    );
  for (const [files, language] of languages) if (files.some(folder.has)) return language;
  for (const [pattern, name] of others) {
    const found = folder.paths.find((path) => pattern.test(path));
    if (found !== undefined)
      throw new Question(
        `${found}: no Dockerfile can be made for ${name}`,
        hint`write a Dockerfile, then: ${command("push")}`,
      );
  }
  const known = languages.flatMap(([files]) => files);
  const below = folder.paths.find((path) => known.some((file) => path.endsWith(`/${file}`)));
  const top = below?.split("/").slice(0, -1).join("/");
  throw new Question(
    "no Dockerfile, and no file that tells what this is, such as package.json, requirements.txt, go.mod, Gemfile or index.html",
    top === undefined || !/^[\w./-]+$/.test(top)
      ? "write a Dockerfile, or name the folder that holds the program"
      : hint`name the folder that holds the program: ${command(`push ${top}`)}`,
  );
}

interface Written {
  readonly made: Made;
  readonly settings: Settings;
  readonly procfile: Procfile;
}

function written({ made, settings, procfile }: Written): MadeDockerfile {
  const { service, port } = settings;
  const own = new Set(procfile.keys.map(({ name }) => name));
  const release = procfile.commands.get("release");
  const keys = [
    ...(release === undefined ? [] : ([["release", release]] as const)),
    ...(made.keys ?? []),
  ];
  const first = new Map(keys.toReversed());
  const added = [...first]
    .filter(([key]) => !own.has(key))
    .map(([key, value]) => `# mypaas.${key} = ${value}`);
  const dockerfile = [
    `# Made by mypaas: ${made.what}`,
    ...settings.lines,
    ...added,
    "",
    ...made.lines,
    "",
  ].join("\n");
  const [problem] = parseDockerfile(new TextEncoder().encode(dockerfile), "Dockerfile").problems;
  if (problem !== undefined)
    throw new Question(
      `the Dockerfile that would be made: ${problem.message}`,
      problem.hint ?? "write a Dockerfile",
    );
  const dockerignore = [...new Set([...always, ...made.ignore]), ""].join("\n");
  return {
    kind: "made",
    dockerfile,
    dockerignore,
    port,
    service,
    what: made.what,
    notes: made.notes,
  };
}

/** What no image needs, and what may hold secrets. */
const always = [
  "# What no image needs, and what may hold secrets.",
  ".git",
  ".env",
  ".env.local",
  ".env.*.local",
  "Dockerfile",
  ".dockerignore",
];
