import { parse } from "smol-toml";
import { Question } from "./question.ts";

/** A value of JSON or TOML that is not known yet. */
export type Fields = Readonly<Record<string, unknown>>;

/** Reads TOML; throws Question with the place in the file where it is broken. */
export function readToml(text: string, file: string): Fields {
  try {
    return parse(text);
  } catch (error) {
    const { line, column, message } = error as { line?: number; column?: number; message: string };
    const at = line === undefined ? "" : `:${line}:${column ?? 1}`;
    const [first = ""] = message.replace(/^Invalid TOML document: /, "").split("\n");
    throw new Question(`${file}${at}: ${first}`, "correct the file");
  }
}

/** Reads the object that a JSON file holds; throws Question where it is broken. */
export function readJson(text: string, file: string): Fields {
  try {
    const value: unknown = JSON.parse(text.replace(/^\uFEFF/, ""));
    if (isFields(value)) return value;
  } catch (error) {
    const message = error instanceof Error ? error.message : "";
    const [, at] = /at position (\d+)/.exec(message) ?? [];
    const place = at === undefined ? "" : placeOf(text, Number(at));
    throw new Question(`${file}${place}: is not valid JSON`, "correct the file");
  }
  throw new Question(`${file}: is no JSON object`, "correct the file");
}

function placeOf(text: string, at: number): string {
  const before = text.slice(0, at).split("\n");
  return `:${before.length}:${(before.at(-1) ?? "").length + 1}`;
}

export const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The object at a path of names; empty where something else is there. */
export function within(value: unknown, ...names: readonly string[]): Fields {
  let at = value;
  for (const name of names) at = isFields(at) && Object.hasOwn(at, name) ? at[name] : undefined;
  return isFields(at) ? at : {};
}

/** The text under a name; undefined where something else is there. */
export function textOf(fields: Fields, name: string): string | undefined {
  const value = Object.hasOwn(fields, name) ? fields[name] : undefined;
  return typeof value === "string" && value.trim() !== "" ? value : undefined;
}
