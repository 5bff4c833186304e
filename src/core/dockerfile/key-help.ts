import { keys } from "./keys/table.ts";

/** The table of keys for a terminal, in lines of at most `width` characters. */
export function keysText(width: number): string {
  const entries = keys.flatMap(({ name, aliases = [], many, syntax, fallback, help }) => [
    `  ${[name, ...aliases.map((alias) => `(${alias})`)].join(" ")} = ${syntax}`,
    ...wrap(help, width, "      "),
    ...wrap(`default: ${fallback}${many ? "; may be repeated" : ""}`, width, "      "),
  ]);
  return [...wrap(intro, width, ""), "", ...example, "", ...entries].join("\n");
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
