/** What to do about a problem: text alone, or pieces of it where commands of mypaas are in it. */
export type Hint = string | HintParts;

/** Text and commands in turn, beginning with text; joined they are the whole hint. */
export type HintParts = readonly string[];

/** A hint as it is stored and sent: whole for people and older versions, and in pieces, so that a laptop can add `-r NAME` to commands. */
export interface HintFields {
  readonly hint?: string;
  readonly hintParts?: HintParts;
}

/** Anything that may have a hint, such as an error. */
export type Hinted = { readonly [K in keyof HintFields]: HintFields[K] | undefined };

/** A command of mypaas as it is typed on the machine that shows the hint. */
export interface HintCommand {
  readonly command: string;
}

/** Takes the words after `mypaas`. */
export const command = (words: string): HintCommand => ({ command: `mypaas ${words}` });

/** A command that is typed on the server, wherever the hint is shown. */
export const onServer = (words: string): string => `mypaas ${words}`;

/** Makes a hint from a template: hint`push again: ${command("push")}`. */
export function hint(
  texts: TemplateStringsArray,
  ...values: readonly (Hint | HintCommand | number)[]
): HintParts {
  const parts = [texts[0] ?? ""];
  const add = (text: string) => parts.push(`${parts.pop() ?? ""}${text}`);
  values.forEach((value, index) => {
    if (typeof value === "object" && "command" in value) parts.push(value.command, "");
    else if (typeof value === "object") {
      const [first = "", ...rest] = value;
      add(first);
      parts.push(...rest);
      if (value.length % 2 === 0) parts.push("");
    } else add(String(value));
    add(texts[index + 1] ?? "");
  });
  return parts.at(-1) === "" ? parts.slice(0, -1) : parts;
}

/** The whole hint. */
export const hintText = (from: Hint): string => (typeof from === "string" ? from : from.join(""));

/** The fields of a hint in an event, an answer or a record. */
export function hintFields(from: Hint | undefined): HintFields {
  if (from === undefined) return {};
  return typeof from === "string" ? { hint: from } : { hint: from.join(""), hintParts: from };
}

/** The hint that those fields hold; pieces that belong to another hint do not count. */
export const hintOf = ({ hint: whole, hintParts }: Hinted): Hint | undefined =>
  hintParts?.join("") === whole ? (hintParts ?? whole) : whole;
