import { commandBox } from "./layout.ts";
import { html, type Markup } from "./markup.ts";

/** A hint; a command at its end gets a line of its own, with a button that copies it. */
export function hintLine(hint: string): Markup {
  const [, words, command] =
    /^(.*): ((?:sudo )?(?:mypaas|docker|systemctl|journalctl|ssh|apt-get|getent) .*)$/s.exec(
      hint,
    ) ?? [];
  if (words === undefined || command === undefined)
    return html`<p class="hint">${sentence(hint)}</p>`;
  return html`<div class="hint">
    <p>${sentence(words)}:</p>
    ${commandBox(command)}
  </div>`;
}

/** With a capital letter, as it stands alone on a page. */
export const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
