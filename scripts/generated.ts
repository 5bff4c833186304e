import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { filesToRead, openFolder } from "../src/core/generate/folder.ts";
import { generate, type Outcome } from "../src/core/generate/generate.ts";
import { hintText } from "../src/core/hints.ts";
import { madeFolders, type MadeFolder } from "../test/support/made-folders.ts";

const root = dirname(import.meta.dirname);
const fixtures = join(root, "test/fixtures/generated");
const docs = join(root, "docs/generated.md");

/** What is made for a folder of a test. */
export function generateFor(files: MadeFolder, name: string): Outcome {
  const listed = Object.entries(files).map(([path, text]) => ({
    path,
    size: Buffer.byteLength(text),
    isLink: false,
  }));
  const texts = new Map(filesToRead(listed).map((path) => [path, files[path] ?? ""]));
  return generate(openFolder(listed, texts), name);
}

/** Everything about an outcome, as its fixture has it. */
export function fixtureOf(outcome: Outcome): string {
  if (outcome.kind === "question")
    return `question: ${outcome.question}\nhint: ${hintText(outcome.hint)}\n`;
  const notes = outcome.notes.map((note) => `note: ${note}\n`).join("");
  return `${outcome.dockerfile}\n# --- .dockerignore\n${outcome.dockerignore}# ---\n${notes}`;
}

/** The fixture of each folder as it is stored, by its name. */
export const readFixtures = (): ReadonlyMap<string, string> =>
  new Map(
    readdirSync(fixtures).map(
      (name) => [name, readFileSync(join(fixtures, name), "utf8")] as const,
    ),
  );

/** What docs/generated.md has to say. */
export function makeGeneratedDocs(): string {
  const outcomes = Object.entries(madeFolders).map(
    ([name, files]) => [files, generateFor(files, name)] as const,
  );
  const made = outcomes.flatMap(([files, outcome]) =>
    outcome.kind === "made"
      ? [`| ${filesOf(files)} | ${outcome.what} | ${startOf(outcome.dockerfile)} |`]
      : [],
  );
  const asked = outcomes.flatMap(([files, outcome]) =>
    outcome.kind === "question"
      ? [`| ${filesOf(files)} | ${cell(outcome.question)} | ${cell(hintText(outcome.hint))} |`]
      : [],
  );
  return `${head}
| in the folder | what it is | how it starts |
| --- | --- | --- |
${made.join("\n")}

## The one question

Where the files do not tell, nothing is guessed. \`mypaas push\` asks one question and changes nothing.

| in the folder | question | what to do |
| --- | --- | --- |
${asked.join("\n")}

## One of them in full

\`\`\`Dockerfile
${dockerfileOf("python-flask")}\`\`\`
`;
}

const filesOf = (files: MadeFolder): string => {
  const names = Object.keys(files).filter(
    (name) => files[name] !== "" || /lock|go\.sum/.test(name),
  );
  const shown = names.slice(0, 3).map((name) => `\`${name}\``);
  return `${shown.join(", ")}${names.length > 3 ? ", …" : ""}`;
};

const startOf = (dockerfile: string): string =>
  cell(`\`${/^CMD (.*)$/m.exec(dockerfile)?.[1] ?? ""}\``);

const cell = (text: string): string => text.replaceAll("|", "\\|");

function dockerfileOf(name: string): string {
  const outcome = generateFor(madeFolders[name] ?? {}, name);
  return outcome.kind === "made" ? outcome.dockerfile : "";
}

const head = `# A Dockerfile made by mypaas

Made by \`node scripts/docs.ts\` from the folders in \`test/support/made-folders.ts\`; a test compares the two.

A folder without a Dockerfile can be pushed. mypaas looks at its files, makes a Dockerfile, and sends it with the push. The folder stays as it is.

\`\`\`sh
mypaas check --generate   # print the Dockerfile
mypaas push               # build and deploy with it
mypaas eject              # write it into the folder, to keep it and change it
\`\`\`

- Where there is a Dockerfile, nothing is made.
- The service has the name of the folder, the domain \`auto\` (\`<name>.<server domain>\`) and the port 8080, which the program finds in \`PORT\`.
- Other settings stand in a file \`Procfile\`, as in a Dockerfile: \`# mypaas.domain = www.example.com\`. Its line \`web:\` is the command that starts the program, its line \`release:\` runs before each switch.
- The image has what the lock file says, runs as a user without rights, and holds nothing that only building needs. The newest known version of the language that fits is taken.
- Lines that \`.dockerignore\` should have are made where the folder has no such file.
- The program has to listen on all addresses of its container, on the port in \`PORT\`.

## What is made
`;

/** Writes docs/generated.md and the fixtures; returns the path of the page. */
export function writeGenerated(): string {
  rmSync(fixtures, { recursive: true, force: true });
  mkdirSync(fixtures, { recursive: true });
  for (const [name, files] of Object.entries(madeFolders))
    writeFileSync(join(fixtures, name), fixtureOf(generateFor(files, name)));
  writeFileSync(docs, makeGeneratedDocs());
  return docs;
}

/** What the page says now. */
export const readGeneratedDocs = (): string => readFileSync(docs, "utf8");
