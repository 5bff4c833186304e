import { keys } from "./keys/table.ts";

/** The table of keys for the README; a test compares the two. */
export function keysMarkdown(): string {
  const rows = keys.map((key) => [
    [key.name, ...key.aliases].map((name) => `\`${name}\``).join(", "),
    key.many ? "✔" : "",
    key.syntax,
    key.fallback,
    key.help + (key.later === undefined ? "" : ` *(${key.later})*`),
  ]);
  const lines = [
    ["key", "many", "value", "default", ""],
    ["---", "---", "---", "---", "---"],
    ...rows,
  ];
  return `${lines.map((cells) => `| ${cells.map(escapeCell).join(" | ")} |`).join("\n")}\n`;
}

/** The same table for a terminal, in lines of at most `width` characters. */
export function keysText(width: number): string {
  const entries = keys.map((key) => {
    const names = [key.name, ...key.aliases.map((alias) => `(${alias})`)].join(" ");
    const lines = [
      `  ${names} = ${key.syntax}`,
      ...wrap(key.help, width, "      "),
      ...wrap(`default: ${key.fallback}${key.many ? "; may be repeated" : ""}`, width, "      "),
    ];
    return [
      ...lines,
      ...(key.later === undefined ? [] : wrap(`note: ${key.later}`, width, "      ")),
    ];
  });
  return [...wrap(intro, width, ""), "", ...example, "", ...entries.flat()].join("\n");
}

const intro =
  "Comments in the Dockerfile describe a service. They may stand anywhere in the file. " +
  "A line that begins with #--- is ignored. Quotes around a value are optional.";

const example = [
  "  # mypaas.servicename = web",
  "  # mypaas.domain = www.example.com",
  "  # mypaas.https = true",
  "  FROM node:24-slim",
];

function wrap(text: string, width: number, indent: string): readonly string[] {
  const lines: string[] = [];
  let line = indent;
  for (const word of text.split(" ")) {
    if (line !== indent && line.length + 1 + word.length > width) {
      lines.push(line);
      line = indent;
    }
    line += (line === indent ? "" : " ") + word;
  }
  return [...lines, line];
}

const escapeCell = (text: string): string => text.replaceAll("|", "\\|").replaceAll("<", "&lt;");
