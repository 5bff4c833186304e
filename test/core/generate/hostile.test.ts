import assert from "node:assert/strict";
import { test } from "node:test";
import { fixtureOf, generateFor } from "../../../scripts/generated.ts";
import { scanDockerfile } from "../../../src/core/dockerfile/comments.ts";
import { filesToRead, openFolder, type Listed } from "../../../src/core/generate/folder.ts";
import { generate } from "../../../src/core/generate/generate.ts";
import { cmd } from "../../../src/core/generate/instructions.ts";
import { newest, nodeLines, pythonLines, rubyLines } from "../../../src/core/generate/versions.ts";

const pack = (fields: object): string => JSON.stringify(fields);
const flask = { "requirements.txt": "flask", "app.py": "app = Flask(__name__)\n" };
const started = (start: string) => ({ "package.json": pack({ scripts: { start } }) });

/** The question, with its hint left out. */
function questionOf(files: Readonly<Record<string, string>>, name = "web"): string {
  const outcome = generateFor(files, name);
  return outcome.kind === "question" ? outcome.question : `made: ${outcome.what}`;
}

const questions: readonly (readonly [files: Readonly<Record<string, string>>, question: string])[] =
  [
    [{ "package.json": "" }, "package.json: is not valid JSON"],
    [{ "package.json": '{"scripts": {"start"}}' }, "package.json:1:21: is not valid JSON"],
    [{ "package.json": "[]" }, "package.json: is no JSON object"],
    [{ "package.json": "null" }, "package.json: is no JSON object"],
    [
      { "package.json": '{"scripts":"start","dependencies":[],"engines":7,"main":{}}' },
      "package.json: nothing tells how the program starts",
    ],
    [{ "pyproject.toml": "[project\nname=" }, "pyproject.toml:1:9: illegal character in key"],
    [
      { "package.json": " ".repeat(2 * 1024 * 1024) },
      "package.json: has 2097152 bytes, at most 1048576 are read",
    ],
    [
      { "package.json": pack({ main: "a\nRUN evil.js" }), "a\nRUN evil.js": "" },
      '"a\\nRUN evil.js": a Dockerfile cannot be made with a file of this name',
    ],
    [
      { "go.mod": "module x", "cmd/a\nRUN b/main.go": "package main\n" },
      '"cmd/a\\nRUN b": a Dockerfile cannot be made with a file of this name',
    ],
    [
      { ...flask, "Dockerfile.prod": "" },
      "no file is called Dockerfile, but others seem to be one",
    ],
    [
      { ...flask, Procfile: "# mypaas.prot = 80\nweb: x\n" },
      "Procfile:1:10: unknown key mypaas.prot",
    ],
    [
      { ...flask, Procfile: "web: x\n# mypaas.port = 80a\n" },
      'Procfile:2:1: mypaas.port: should be a whole number from 1 to 65535, or none, got "80a"',
    ],
    [{ ...flask, Procfile: "web: run \u0007\n" }, "Procfile: web: has control characters"],
  ];

test("what is broken or in the way is one question, with its place", () => {
  for (const [files, question] of questions) assert.equal(questionOf(files), question);
});

test("a folder whose name cannot be one of a service is asked for another", () => {
  for (const name of ["", "/", "日本", "mypaas", "42"])
    assert.match(questionOf(flask, name), /^the service has no name: the folder's, /);
  const names = { "My App": "my-app", "a_b.c": "a-b.c", "-x-y-": "x-y", Café: "cafe" };
  for (const [folder, service] of Object.entries(names)) {
    const outcome = generateFor(flask, folder);
    assert.equal(outcome.kind === "made" && outcome.service, service);
  }
});

test("a link in the place of a file that counts is a question; other links do not matter", () => {
  const listed = (link: string): readonly Listed[] => [
    { path: "package.json", size: 2, isLink: false },
    { path: "server.js", size: 2, isLink: false },
    { path: link, size: 9, isLink: true },
  ];
  const made = (link: string) =>
    generate(openFolder(listed(link), new Map([["package.json", "{}"]])), "web");
  for (const link of ["package-lock.json", "yarn.lock", ".nvmrc", "Procfile"]) {
    const outcome = made(link);
    assert.equal(outcome.kind === "question" && outcome.question, `${link}: is a link`);
  }
  assert.equal(made("docs").kind, "made");
  assert.deepEqual(filesToRead(listed(".nvmrc")), ["package.json"]);
});

const commands: readonly (readonly [command: string, line: string])[] = [
  ["node server.js", 'CMD ["node", "server.js"]'],
  ["gunicorn app:app -b 0.0.0.0:$PORT", "CMD exec gunicorn app:app -b 0.0.0.0:$PORT"],
  ["A=1 node x", "CMD exec env A=1 node x"],
  ["node a && node b $X", "CMD node a && exec node b $X"],
  ['node "my server.js"', 'CMD exec node "my server.js"'],
  ["a; b", "CMD a; b"],
  ["a | b", "CMD a | b"],
  ["run ${PORT:-80}", "CMD exec run ${PORT:-80}"],
  ["exec a $B", "CMD exec a $B"],
  ["echo a\\", 'CMD ["sh", "-c", "exec echo a\\\\"]'],
  ["cat <<EOF", 'CMD ["sh", "-c", "cat <<EOF"]'],
  ["say 'ü'", `CMD ["sh", "-c", "exec say 'ü'"]`],
  ["a '&& b' && c", "CMD a '&& b' && c"],
];

test("a command is started by its words, or through a shell that it replaces", () => {
  for (const [command, line] of commands) {
    assert.equal(cmd(command, "web"), line);
    const { written, openHeredoc } = scanDockerfile(`FROM a\n${line}\nUSER b\n`);
    assert.equal(written.length, 3, `${line}: is one instruction`);
    assert.equal(openHeredoc, undefined);
  }
});

test("a start script of any kind becomes one instruction, or a question", () => {
  const scripts = [
    "node x\nRUN evil",
    "node x\\",
    "node \u2028 x",
    "\u0000",
    "node 'a' \"b\" $C `d` $(e) <<F",
    "cross-env NODE_ENV=production node x",
    "# not a comment",
    " ".repeat(5000),
    "x".repeat(100_000),
  ];
  for (const script of scripts) {
    const outcome = generateFor({ ...started(script), Procfile: `web: ${script}\n` }, "web");
    if (outcome.kind === "question") continue;
    const words = scanDockerfile(outcome.dockerfile).written.map(({ text }) => text.split(" ")[0]);
    assert.equal(words.filter((word) => word === "CMD").length, 1, script);
    assert.doesNotMatch(outcome.dockerfile, /^RUN evil/m, script);
  }
});

test("no text of the files gets into another line of the Dockerfile", () => {
  const evil = "x\nRUN evil\n# mypaas.volume = /:/host";
  const folders = [
    {
      "package.json": pack({
        name: evil,
        packageManager: `pnpm@${evil}`,
        engines: { node: evil },
        scripts: { start: "node x", build: evil, [evil]: evil },
        dependencies: { [evil]: evil },
      }),
    },
    {
      "pyproject.toml": `[project]\nname = ${pack({ a: evil }).slice(5, -1)}\nrequires-python = ${pack({ a: evil }).slice(5, -1)}\n`,
      "main.py": `${evil}\napp = FastAPI()\n`,
    },
    {
      "requirements.txt": evil,
      "manage.py": `DJANGO_SETTINGS_MODULE", "a.${evil}.settings"`,
      "app.py": "",
    },
    { "go.mod": `module ${evil}\ngo 1.22\nRUN evil`, "main.go": "package main\n" },
    { Gemfile: `gem "rails"\nruby "${evil}"`, ".ruby-version": evil },
    { "composer.json": pack({ require: { php: evil } }), "index.php": "" },
    {
      "angular.json": pack({ projects: { [evil]: {} } }),
      "package.json": pack({
        scripts: { build: "ng build" },
        dependencies: { "@angular/core": "1" },
      }),
    },
    { ...flask, Procfile: `release: a\u2028b\nweb: x\r# mypaas.volume = /:/host\r\n` },
  ];
  for (const files of folders) {
    const text = fixtureOf(generateFor(files, evil.replace(/^x/, "web")));
    assert.doesNotMatch(text, /^RUN evil|^# mypaas\.volume = \/:\/host$/m, text);
  }
});

test("a folder of any junk never throws", () => {
  const junk = ["", "{", "\u0000", "ÿþ", "[[[[", '{"a":1}', "a = 1", "\\", "web: \n: x", "1e999"];
  const names = [
    "package.json",
    "pyproject.toml",
    "Pipfile",
    "requirements.txt",
    "go.mod",
    "main.go",
    "Gemfile",
    "composer.json",
    "Procfile",
    "manage.py",
    "angular.json",
    "next.config.js",
    ".nvmrc",
    "index.html",
  ];
  let count = 0;
  for (const name of names)
    for (const other of names)
      for (const text of junk) {
        const outcome = generateFor({ [name]: text, [other]: text }, "web");
        assert.ok(outcome.kind === "made" || outcome.question.length > 0);
        count += 1;
      }
  assert.equal(count, names.length ** 2 * junk.length);
});

test("a range of versions gets the best known line that fits", () => {
  const cases = [
    [
      nodeLines,
      ["", ">=20", "^22.1.0", "20.x", "lts/*", "v18", "18 || 22", ">=25"],
      ["24", "24", "22", "20", "24", "18", "22", "26"],
    ],
    [
      pythonLines,
      [">=3.9,<3.13", "~=3.11", "==3.12.*", "3.11.4", "^3.10", ">=3.9,!=3.13.*"],
      ["3.12", "3.13", "3.12", "3.11", "3.13", "3.13"],
    ],
    [rubyLines, ["3.3.6", "~> 3.2.0", "~> 3.2"], ["3.3", "3.2", "3.4"]],
  ] as const;
  for (const [known, asked, lines] of cases)
    assert.deepEqual(
      asked.map((range) => newest(range, known).line),
      lines,
    );
  assert.equal(
    newest("banana", nodeLines).note,
    'node: "banana" is no range of versions, 24 is taken',
  );
});

test("an archive with everything in it decides as the folder that was listed, whatever the order", () => {
  const one = (path: string, size = 9): Listed => ({ path, size, isLink: false });
  const kept = ["app.py", "requirements.txt", "src/api/main.py"].map((path) => one(path));
  const tools = ["vendor/a.py", "node_modules/x/setup.py", "a/b/c/d/e.py"].map((path) => one(path));
  const read = ["requirements.txt", "app.py", "src/api/main.py"];
  assert.deepEqual(filesToRead([...kept, ...tools]), read);
  assert.deepEqual(filesToRead([...tools, ...kept].toReversed()), read);
  assert.deepEqual(
    openFolder([...tools, ...kept], new Map()).paths,
    kept.map(({ path }) => path),
  );
});

test("sources are read up to 8 MiB together", () => {
  const listed = Array.from({ length: 300 }, (_, index): Listed => ({
    path: `app/m${index}.py`,
    size: 1024 * 1024,
    isLink: false,
  }));
  assert.equal(filesToRead([...listed, { path: "setup.py", size: 10, isLink: false }]).length, 8);
});
