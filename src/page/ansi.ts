import { html, type Markup } from "./markup.ts";

interface Style {
  readonly colour?: string | undefined;
  readonly isBold: boolean;
  readonly isDim: boolean;
  readonly isUnderlined: boolean;
}

const plain: Style = { isBold: false, isDim: false, isUnderlined: false };
const names = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"] as const;
// oxlint-disable-next-line no-control-regex
const sequence = /\u001b\[([0-9;:]*)m/g;
// oxlint-disable-next-line no-control-regex
const controls = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

/** A line of an app with its colours as classes. Backgrounds and exact colours are left out: they are made for one ground, and the page has two. */
export function colouredLine(text: string): Markup {
  const parts: Markup[] = [];
  let style = plain;
  let at = 0;
  for (const match of text.matchAll(sequence)) {
    parts.push(piece(text.slice(at, match.index), style));
    style = (match[1] ?? "").split(/[;:]/).reduce(applied, { style, skip: 0 }).style;
    at = match.index + match[0].length;
  }
  parts.push(piece(text.slice(at), style));
  return html`${parts}`;
}

function piece(text: string, { colour, isBold, isDim, isUnderlined }: Style): Markup {
  const visible = text.replace(controls, "");
  const classes = [colour, isBold && "b", isDim && "d", isUnderlined && "u"].filter(Boolean);
  if (visible === "" || classes.length === 0) return html`${visible}`;
  return html`<span class="${classes.join(" ")}">${visible}</span>`;
}

/** `skip`: so many of the next numbers belong to the last one; -1: the next one says how many. */
interface Reading {
  readonly style: Style;
  readonly skip: number;
}

function applied({ style, skip }: Reading, word: string): Reading {
  const code = Number(word);
  if (skip === -1) return { style, skip: code === 2 ? 3 : 1 };
  if (skip > 0) return { style, skip: skip - 1 };
  if (code === 38 || code === 48) return { style, skip: -1 };
  return { style: styleAfter(style, code), skip: 0 };
}

function styleAfter(style: Style, code: number): Style {
  const name = names[code >= 90 ? code - 90 : code - 30];
  if (name !== undefined && code >= 30 && code <= 97) return { ...style, colour: name };
  switch (code) {
    case 0:
      return plain;
    case 1:
      return { ...style, isBold: true };
    case 2:
      return { ...style, isDim: true };
    case 4:
      return { ...style, isUnderlined: true };
    case 22:
      return { ...style, isBold: false, isDim: false };
    case 24:
      return { ...style, isUnderlined: false };
    case 39:
      return { ...style, colour: undefined };
    default:
      return style;
  }
}
