import { formatAge } from "../core/format.ts";
import { counted, html, textOf, type Markup } from "./markup.ts";
import { views, type Look, type Problems, type ViewName } from "./look.ts";

export interface Page {
  readonly title: string;
  /** The entry of the navigation that it belongs to. */
  readonly view?: ViewName;
  readonly body: Markup;
  /** True: the script asks for it again while somebody looks at it. */
  readonly isLive?: boolean;
}

/** A whole document around the body of a view. */
export function layout(look: Look, page: Page): string {
  const { base, server } = look;
  return textOf(
    html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${page.title} · ${server}</title>
<link rel="icon" href="${base}icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="${base}style.css">
<script src="${base}script.js" defer></script>
</head>
<body${page.isLive === true ? html` data-live` : ""}>
<a class="skip" href="#main">Skip to the content</a>
<header class="top">
<a class="brand" href="${base}"><span>mypaas</span> ${server}</a>
<nav aria-label="Views"><ul>${Object.entries(views).map(([name, view]) => entry(look, view, name === page.view))}</ul></nav>
</header>
<main id="main" tabindex="-1">${silence(look)}${page.body}</main>
<p class="notice" role="status" hidden></p>
</body>
</html>`,
  );
}

const silence = ({ silentMs }: Look): Markup | "" =>
  silentMs === undefined
    ? ""
    : html`<p class="banner warning">
        The server has not answered for ${formatAge(silentMs)}. This is what it said then.
      </p>`;

function entry(
  look: Look,
  view: { readonly path: string; readonly title: string },
  isHere: boolean,
): Markup {
  const badge = view.path === "doctor" ? problemBadge(look.problems) : "";
  return html`<li>
    <a href="${look.base}${view.path}" ${isHere ? html` aria-current="page"` : ""}
      >${view.title}${badge}</a
    >
  </li>`;
}

function problemBadge(problems: Problems | undefined): Markup | "" {
  if (problems === undefined) return "";
  const { failed, warnings } = problems;
  const [count, level] = failed > 0 ? [failed, "failed"] : [warnings, "warning"];
  if (count === 0) return "";
  return html` <span class="badge ${level}"
    >${count}<span class="unseen"> ${counted(count, "problem").replace(/^\S+ /, "")}</span></span
  >`;
}

/** What a view shows where there is nothing yet: what it would be, and the command that begins it. */
export const empty = (title: string, text: Markup | string, code?: string): Markup =>
  html`<div class="empty">
    <p class="lead">${title}</p>
    <p>${text}</p>
    ${code === undefined ? "" : commandBox(code)}
  </div>`;

/** A command that can be copied. */
export const commandBox = (command: string, template?: string): Markup =>
  html`<div class="command"><code${template === undefined ? "" : html` data-template="${template}"`}>${command}</code><button type="button" class="copy" data-copy>Copy</button></div>`;
