import { isSpace } from "../white-space.ts";

/** A heredoc that an instruction opens; its lines are data until one equals `name`. */
export interface Heredoc {
  readonly name: string;
  /** `<<-`: tabs before the closing word are ignored. */
  readonly chomp: boolean;
}

const maxDepth = 50;

/** The heredocs of one joined instruction, by the rules of BuildKit's parser (frontend/dockerfile/parser, shell/lex) with its quirks: comments are hidden only where Docker sees a heredoc. */
export function heredocsOf(instruction: string): readonly Heredoc[] {
  if (!instruction.includes("<<") || !mayHoldHeredocs(instruction)) return [];
  const words = new Lexer(instruction, true).words() ?? [];
  return words.flatMap((word) => {
    const match = /^\d*<<(-?)\s*([^<]*)$/.exec(word);
    const names = new Lexer(match?.[2] ?? "", false).words() ?? [];
    const [name] = names;
    return name === undefined || names.length !== 1 ? [] : [{ name, chomp: match?.[1] === "-" }];
  });
}

function mayHoldHeredocs(instruction: string): boolean {
  const first = /^\s*(?:onbuild[\t\v\f\r ]+)?(\S{1,8})/i.exec(instruction)?.[1]?.toLowerCase();
  return first === "run" || first === "copy" || first === "add";
}

/** Splits words as BuildKit's shell lexer does when no variable is set; undefined where it fails. `raw` keeps quotes and escapes. */
class Lexer {
  readonly #text: string;
  readonly #raw: boolean;
  #at = 0;
  #depth = 0;
  // Shared between nesting levels as in BuildKit, where `${a:-b}` inside a word drops the text before it.
  #word = "";

  constructor(text: string, raw: boolean) {
    this.#text = text;
    this.#raw = raw;
  }

  words(): readonly string[] | undefined {
    return this.#until(undefined, this.#raw)?.words;
  }

  #until(stop: string | undefined, rawEscapes: boolean) {
    if (++this.#depth > maxDepth) return undefined;
    const words: string[] = [];
    this.#word = "";
    let result = "";
    const close = () => {
      if (this.#word !== "") words.push(this.#word);
      this.#word = "";
    };
    for (let char = this.#peek(); char !== ""; char = this.#peek()) {
      if (char === stop) {
        this.#at++;
        this.#depth--;
        close();
        return { words, result };
      }
      const piece = this.#piece(char, rawEscapes);
      if (piece === undefined) return undefined;
      result += piece.text;
      if (piece.whole) this.#word += piece.text;
      else {
        for (const each of piece.text) {
          if (isSpace(each)) close();
          else this.#word += each;
        }
      }
    }
    if (stop !== undefined) return undefined;
    this.#depth--;
    close();
    return { words, result };
  }

  #piece(char: string, rawEscapes: boolean): { text: string; whole: boolean } | undefined {
    if (char === "'" || char === '"') {
      const text = char === "'" ? this.#single() : this.#double(rawEscapes);
      return text === undefined ? undefined : { text, whole: true };
    }
    if (char === "$") {
      const text = this.#dollar();
      return text === undefined ? undefined : { text, whole: false };
    }
    this.#at++;
    if (char === "<") return { text: this.#angle(), whole: true };
    if (char !== "\\") return { text: char, whole: false };
    const escaped = this.#next();
    return { text: (rawEscapes ? "\\" : "") + escaped, whole: true };
  }

  #single(): string | undefined {
    const end = this.#text.indexOf("'", this.#at + 1);
    if (end < 0) return undefined;
    const text = this.#text.slice(this.#at + 1, end);
    this.#at = end + 1;
    return this.#raw ? `'${text}'` : text;
  }

  #double(rawEscapes: boolean): string | undefined {
    this.#at++;
    let text = "";
    for (let char = this.#peek(); char !== ""; char = this.#peek()) {
      if (char === "$") {
        const value = this.#dollar();
        if (value === undefined) return undefined;
        text += value;
        continue;
      }
      this.#at++;
      if (char === '"') return this.#raw ? `"${text}"` : text;
      if (char !== "\\") text += char;
      else {
        if (rawEscapes) text += "\\";
        text += ['"', "$", "\\"].includes(this.#peek()) ? this.#next() : "\\";
      }
    }
    return undefined;
  }

  #dollar(): string | undefined {
    this.#at++;
    if (this.#peek() !== "{") return `$${this.#name()}`;
    this.#at++;
    if (["", "{", "}", ":"].includes(this.#peek())) return undefined;
    const name = this.#name();
    const mark = this.#next();
    if (mark === "}") return `\${${name}}`;
    if (mark === "/") {
      const slash = this.#peek() === "/" ? this.#next() : "";
      const pattern = this.#until("/", true);
      const replacement = pattern && this.#until("}", true);
      return replacement && `\${${name}/${slash}${pattern.result}/${replacement.result}}`;
    }
    const modifier = mark === ":" ? this.#next() : mark;
    if (!(mark === ":" ? "+-?" : "+-?#%").includes(modifier) || modifier === "") return undefined;
    const word = this.#until("}", modifier === "#" || modifier === "%");
    return word && `\${${name}${mark === ":" ? ":" : ""}${modifier}${word.result}}`;
  }

  #name(): string {
    const pattern = /\p{Nd}+|[@*#?\-$!]|[\p{L}_][\p{L}\p{Nd}_]*/uy;
    pattern.lastIndex = this.#at;
    const name = pattern.exec(this.#text)?.[0] ?? "";
    this.#at += name.length;
    return name;
  }

  #angle(): string {
    if (this.#peek() !== "<") return "<";
    let text = `<${this.#next()}`;
    while (this.#peek() !== "" && " \t\r".includes(this.#peek())) text += this.#next();
    return text;
  }

  #peek(): string {
    return this.#text[this.#at] ?? "";
  }

  #next(): string {
    return this.#text[this.#at++] ?? "";
  }
}
