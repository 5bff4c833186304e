import type { PsSnapshot } from "../../core/actions/watch.ts";
import { UserError } from "../../core/errors.ts";
import { readHint } from "../../core/read-hint.ts";
import { plainText } from "../../core/terminal-text.ts";

/** Reads a line of the stream of `ps`. Undefined for what this version does not know; throws what the server could not do. */
export function readSnapshot(line: string): PsSnapshot | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  const item = makeSafe(value) as Partial<Record<string, unknown>> | null;
  if (item?.["kind"] === "failed")
    throw new UserError(String(item["message"]), {
      code: String(item["code"]),
      hint: readHint(item),
    });
  const isSnapshot = item?.["kind"] === "services" && Array.isArray(item["services"]);
  return isSnapshot ? (item as unknown as PsSnapshot) : undefined;
}

/** Every text of it may end up in a terminal. */
function makeSafe(value: unknown): unknown {
  if (typeof value === "string") return plainText(value);
  if (Array.isArray(value)) return value.map(makeSafe);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, makeSafe(item)]));
}
