import { html, type Markup } from "./markup.ts";

/** Rows below their headings, which scroll sideways where there is no room; `#` before a heading: its column holds numbers. */
export function table(
  name: string,
  headings: readonly string[],
  rows: readonly (readonly Markup[])[],
): Markup {
  const isNumber = headings.map((heading) => heading.startsWith("#"));
  const mark = (at: number) => (isNumber[at] === true ? html` class="number"` : "");
  return html`<div class="table" role="region" tabindex="0" aria-label="${name}">
    <table>
      <thead>
        <tr>
          ${headings.map((heading, at) => html`<th scope="col" ${mark(at)}>${heading.replace("#", "")}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          (cells) =>
            html`<tr>
              ${cells.map((cell, at) => html`<td${mark(at)}>${cell}</td>`)}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}
