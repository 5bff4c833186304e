import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import {
  isCallExpression,
  isExpressionWithTypeArguments,
  isInterfaceDeclaration,
  isPropertyAssignment,
  isPropertySignatureDeclaration,
  isTypeAliasDeclaration,
  isTypeReferenceNode,
  isUnionTypeNode,
  type InterfaceDeclaration,
  type Node,
  type TypeAliasDeclaration,
} from "typescript/unstable/ast";
import { API, type Project } from "typescript/unstable/sync";
import { writeApiDocs } from "./api-docs.ts";
import { writeCompatibilityDocs } from "./compatibility.ts";
import { writeGenerated } from "./generated.ts";
import { makeOpenApi, writeOpenApi } from "./openapi.ts";

const root = dirname(import.meta.dirname);
const file = join(root, "docs/json.md");

/** What docs/json.md and docs/openapi.json have to say, made from the types themselves. */
export function makeTypeDocs(): { readonly json: string; readonly openApi: string } {
  const api = new API({ cwd: root });
  try {
    const config = join(root, "tsconfig.json");
    const project = api.updateSnapshot({ openProjects: [config] }).getProject(config);
    if (project === undefined) throw new Error(`${config}: is no project`);
    return { json: describe(project), openApi: makeOpenApi(project) };
  } finally {
    api.close();
  }
}

type Declaration = InterfaceDeclaration | TypeAliasDeclaration;

function describe(project: Project): string {
  const find = finder(project);
  const inWire = (name: string) => find(name, `${root}/src/core/wire/`);
  const events = unionMembers(inWire("Event"));
  const answers = members(inWire("Answers"));
  const results = resultTypes(project);
  const typeOf = (node: Node): Node => {
    const action = /^Results\["([^"]+)"\]$/.exec(node.getText())?.[1];
    return (action === undefined ? undefined : results.get(action)) ?? node;
  };
  /** What a union's member is: itself, or what its name stands for. */
  const whole = (node: Node): Node => referred(find, node)[0] ?? node;
  const shown = new Set<Declaration>();
  const queue = [
    ...events.flatMap(({ node }) => referred(find, whole(node))),
    ...answers.flatMap(({ node }) => referred(find, typeOf(node))),
  ];
  for (let one = queue.shift(); one !== undefined; one = queue.shift()) {
    if (shown.has(one)) continue;
    shown.add(one);
    queue.push(...referred(find, one));
  }
  const eventText = ({ node, comment }: Member) => {
    const event = isTypeReferenceNode(node) ? whole(node) : node;
    const kind = /kind: "([a-z-]+)"/.exec(event.getText())?.[1] ?? "";
    const said = event === node ? comment : commentOf(event);
    return section(`### \`${kind}\``, said, clean(body(event)));
  };
  return `${head}
## Events

${events.map(eventText).join("\n\n")}

In the log of a job each event also has \`offset\`, which counts from 0, and \`at\`, milliseconds since the epoch.

## Answers

${answers
  .map(({ name, node, comment }) =>
    section(`### \`mypaas ${name}\``, comment, clean(typeOf(node).getText())),
  )
  .join("\n\n")}

## Types

${[...shown]
  .toSorted((a, b) => (a.name.text < b.name.text ? -1 : 1))
  .map((node) => section(`### ${node.name.text}`, commentOf(node), spelledOut(project, node)))
  .join("\n\n")}
`;
}

/** The result type of each action: the type argument of `becomes` in its definition. */
function resultTypes({ program }: Project): ReadonlyMap<string, Node> {
  const results = new Map<string, Node>();
  const look = (node: Node, action: string): void => {
    const name = isPropertyAssignment(node) ? node.name.getText().replaceAll('"', "") : action;
    const becomes = isPropertyAssignment(node) && name === "becomes" ? node.initializer : undefined;
    const type = becomes && isCallExpression(becomes) ? becomes.typeArguments?.[0] : undefined;
    if (type !== undefined) results.set(action, type);
    node.forEachChild((child) => look(child, name));
  };
  for (const name of program.getSourceFileNames())
    if (name.startsWith(`${root}/src/core/actions/`))
      program.getSourceFile(name)?.forEachChild((node) => look(node, ""));
  return results;
}

type Find = (name: string, place: string) => Declaration;

/** Finds a type by its name: first in the file or folder where the name stands, then among what is exported, the protocol's before others. */
function finder({ program }: Project): Find {
  const files = program.getSourceFileNames().filter((name) => name.startsWith(`${root}/src/core/`));
  const all = files
    .flatMap((name) => [...(program.getSourceFile(name)?.statements ?? [])])
    .filter((node) => isInterfaceDeclaration(node) || isTypeAliasDeclaration(node));
  const isExported = (node: Node) => node.getText().startsWith("export ");
  return (name, place) => {
    const called = all.filter((node) => node.name.text === name);
    const found =
      called.find((node) => fileOf(node).startsWith(place)) ??
      called.find((node) => isExported(node) && /\/core\/(wire|actions)\//.test(fileOf(node))) ??
      called.find(isExported);
    if (found === undefined) throw new Error(`${name}: no such type below src/core`);
    return found;
  };
}

const fileOf = (node: Node): string => node.getSourceFile().fileName;

/** The types of ours that a piece of source refers to. */
function referred(find: Find, node: Node): readonly Declaration[] {
  const names = [...new Set(namesIn(node))].filter((name) => !builtIn.has(name));
  return names.map((name) => find(name, fileOf(node)));
}

const builtIn = new Set(["Readonly", "Record", "Extract", "Kind", "Results"]);

interface Member {
  readonly name: string;
  readonly node: Node;
  readonly comment: string;
}

/** The members of a union, each with the comment that stands before its bar. */
function unionMembers(node: Declaration): readonly Member[] {
  if (!isTypeAliasDeclaration(node) || !isUnionTypeNode(node.type))
    throw new Error(`${node.name.text}: is no union`);
  const text = node.getSourceFile().text;
  let end = node.type.pos;
  return [...node.type.types].map((member) => {
    const comment = words(text.slice(end, member.getStart()));
    end = member.end;
    return { name: "", node: member, comment };
  });
}

function members(node: Declaration): readonly Member[] {
  if (!isInterfaceDeclaration(node)) throw new Error(`${node.name.text}: is no interface`);
  return [...node.members].flatMap((member) =>
    isPropertySignatureDeclaration(member) && member.type !== undefined
      ? [
          {
            name: member.name.getText().replaceAll('"', ""),
            node: member.type,
            comment: commentOf(member),
          },
        ]
      : [],
  );
}

/** Names of types that a piece of source refers to. */
function namesIn(node: Node): readonly string[] {
  const found: string[] = [];
  const look = (one: Node): void => {
    if (isTypeReferenceNode(one)) found.push(one.typeName.getText());
    if (isExpressionWithTypeArguments(one)) found.push(one.expression.getText());
    one.forEachChild((child) => look(child));
  };
  look(node);
  return found;
}

const commentOf = (node: Node): string =>
  words(node.getSourceFile().text.slice(node.pos, node.getStart()));

/** The text of the last comment in a piece of source. */
const words = (text: string): string =>
  (/\/\*\*((?:(?!\*\/)[^])*)\*\/[^/]*$/.exec(text)?.[1] ?? "")
    .replaceAll(/\s*\n\s*\* ?/g, " ")
    .trim();

/** What stands behind the name of a declaration. */
function body(node: Node): string {
  if (isTypeAliasDeclaration(node)) return node.type.getText();
  const text = node.getText().replace(/^(?:export )?(?:interface \w+ )?/, "");
  return text.replace(/^extends ([\w, ]+) \{/, "$1 & {");
}

/** A type that is made from a value is shown as what it comes to. */
function spelledOut({ checker }: Project, node: Declaration): string {
  if (!isTypeAliasDeclaration(node) || !body(node).includes("typeof")) return clean(body(node));
  const type = checker.getTypeFromTypeNode(node.type);
  if (type === undefined) throw new Error(`${node.name.text}: has no type`);
  return checker.typeToString(type, undefined, noTruncation);
}

const noTruncation = 1;

/** As JSON has it: nothing is undefined there, it is left out. */
function clean(text: string): string {
  const plain = text
    .replaceAll("readonly ", "")
    .replaceAll(/^( *\w+)\??: (.*) \| undefined;$/gm, "$1?: $2;");
  const [first = "", ...others] = plain.split("\n");
  const indents = others.filter((line) => line !== "").map((line) => line.search(/\S/));
  const least = Math.min(...indents, 100);
  return [first, ...others.map((line) => line.slice(least))].join("\n");
}

const section = (title: string, comment: string, code: string): string =>
  [title, comment, `\`\`\`ts\n${code}\n\`\`\``].filter((part) => part !== "").join("\n\n");

const head = `# What \`--json\` prints

Made by \`node scripts/docs.ts\` from the types in \`src/core\`; a test compares the two.

With \`--json\` every command prints one JSON object per line on stdout and nothing else there; stderr stays empty, except for what \`mypaas logs\` says when a line breaks. A line is one of two things, told apart by \`kind\`:

- an **event**: something that happened, in the order in which it did, with one of the kinds below;
- an **answer**: what the command was asked for, with the kind \`answer\`, unless its type has a kind of its own. Lines of \`mypaas logs\` have no kind.

An error is the event \`failed\`, and the exit code is 1 where you can put it right, 2 after wrong usage, 70 for a bug of mypaas and 130 when it was interrupted. With \`--quiet\` events that are only progress are left out; ends, warnings and errors stay. \`run\` and \`exec\` pass on what a program prints, so they take \`--json\` only with \`--detach\`.

What is here stays: kinds and fields may be added, so ignore those that you do not know. A field with \`?\` is left out where it has no value.
`;

if (import.meta.main) {
  const { json, openApi } = makeTypeDocs();
  writeFileSync(file, json);
  console.log(`wrote ${file}`);
  console.log(`wrote ${writeOpenApi(openApi)}`);
  console.log(`wrote ${writeApiDocs()}`);
  console.log(`wrote ${writeCompatibilityDocs()}`);
  console.log(`wrote ${writeGenerated()}`);
}

/** What the file says now. */
export const readJsonDocs = (): string => readFileSync(file, "utf8");
