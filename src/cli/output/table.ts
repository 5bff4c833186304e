import { plainText } from "../../core/terminal-text.ts";

/** Rows below their headings, columns two spaces apart and as wide as their widest cell, whatever its colour; no space at a line's end. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [headings, ...rows];
  const widths = headings.map((_, column) =>
    Math.max(...all.map((row) => widthOf(row[column] ?? ""))),
  );
  const pad = (cell: string, column: number) =>
    cell + " ".repeat(Math.max(0, (widths[column] ?? 0) - widthOf(cell)));
  return all.map((row) => row.map(pad).join("  ").trimEnd()).join("\n");
}

/** At most so long, with … where something was cut off. */
export const shortened = (text: string, length: number): string =>
  text.length > length ? `${text.slice(0, length - 1)}…` : text;

const widthOf = (cell: string): number => plainText(cell).length;
