import { type Hint, type HintFields, hintOf } from "./hints.ts";
import { plainText } from "./terminal-text.ts";

/** The hint in fields that came from elsewhere, safe for a terminal; undefined where they hold none. */
export function readHint(fields: { readonly [K in keyof HintFields]: unknown }): Hint | undefined {
  const { hint: whole, hintParts: parts } = fields;
  if (typeof whole !== "string") return undefined;
  const hintParts = Array.isArray(parts) ? parts.map(String) : undefined;
  const found = hintOf({ hint: whole, hintParts }) ?? whole;
  return typeof found === "string" ? plainText(found) : found.map(plainText);
}
