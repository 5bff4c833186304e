import type { Fields } from "../actions/fields.ts";

/** The fields of a JSON object that came over the wire; undefined for any other text. */
export function jsonFields(text: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Fields) : undefined;
  } catch {
    return undefined;
  }
}
