import { html, raw } from "hono/html";

/** A piece of a page; every value in a template was escaped. */
export type Markup = ReturnType<typeof html>;

export { html, raw };

/** The text of a page or a piece of one. */
export function textOf(markup: Markup): string {
  if (markup instanceof Promise) throw new Error("a view waits for nothing");
  return markup.toString();
}

/** Markup for what may not be there. */
export const whenThere = <T>(value: T | undefined, show: (value: T) => Markup): Markup | "" =>
  value === undefined ? "" : show(value);

/** A count and its noun: `1 release`, `2 releases`. */
export const counted = (count: number, noun: string): string =>
  `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;

/** A share of one core: `7 %`. */
export const percent = (cores: number | undefined): string =>
  cores === undefined ? "–" : `${Math.round(cores * 100)} %`;
