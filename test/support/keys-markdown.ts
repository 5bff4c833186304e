import { keys } from "../../src/core/dockerfile/keys/table.ts";

/** The table of keys for the README; it is what `mypaas help keys` prints. */
export function keysMarkdown(): string {
  const rows = keys.map(({ name, aliases = [], many, syntax, fallback, help }) => [
    [name, ...aliases].map((word) => `\`${word}\``).join(", "),
    many ? "✔" : "",
    syntax,
    fallback,
    help,
  ]);
  const lines = [
    ["key", "many", "value", "default", ""],
    ["---", "---", "---", "---", "---"],
    ...rows,
  ];
  return `${lines.map((cells) => `| ${cells.map(escapeCell).join(" | ")} |`).join("\n")}\n`;
}

const escapeCell = (text: string): string => text.replaceAll("|", "\\|").replaceAll("<", "&lt;");
