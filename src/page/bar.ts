import { html, raw, type Markup } from "./markup.ts";

export interface BarPart {
  /** Class of its colour. */
  readonly colour: string;
  readonly value: number;
}

const width = 1000;
/** What is there can be seen. */
const least = 6;
const gap = 2;

/** Parts of a whole side by side, as wide as their values; the numbers stand beside it as text. */
export function bar(parts: readonly BarPart[], whole = total(parts)): Markup {
  const room = width - parts.filter(({ value }) => value > 0).length * (least + gap);
  let at = 0;
  const pieces = parts.flatMap(({ colour, value }) => {
    if (value <= 0) return [];
    const size = least + (room * value) / Math.max(whole, 1);
    const piece = html`<rect
      class="${colour}"
      x="${number(at)}"
      width="${number(size)}"
      height="10"
      rx="2"
    ></rect>`;
    at += size + gap;
    return [piece];
  });
  return html`<svg
    class="bar"
    viewBox="0 0 ${width} 10"
    preserveAspectRatio="none"
    aria-hidden="true"
  >
    <rect class="ground" width="${width}" height="10" rx="2"></rect>
    ${pieces}
  </svg>`;
}

/** The colour of a part, before its name. */
export const swatch = (colour: string): Markup =>
  html`<svg class="swatch" viewBox="0 0 10 10" aria-hidden="true">
    <rect class="${colour}" width="10" height="10" rx="2"></rect>
  </svg>`;

const total = (parts: readonly BarPart[]): number =>
  parts.reduce((sum, { value }) => sum + value, 0);

const number = (value: number) => raw(value.toFixed(1));
