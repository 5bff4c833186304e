/** An answer of the page's container; Traefik makes 503 of it. */
export interface Page {
  readonly type: string;
  readonly body: string;
}

const title = "Down for maintenance";

/** The page of a maintenance in the form that the client accepts: HTML for browsers, JSON for programs that ask for it, else text. */
export function maintenancePage(text: string, accept: string): Page {
  if (/\btext\/html\b/i.test(accept)) return { type: "text/html; charset=utf-8", body: html(text) };
  if (/\bapplication\/(?:[\w.-]+\+)?json\b/i.test(accept))
    return {
      type: "application/json",
      body: `${JSON.stringify({ error: "maintenance", message: text === "" ? title : text })}\n`,
    };
  const lines = text === "" ? [title] : [title, text];
  return { type: "text/plain; charset=utf-8", body: `${lines.join("\n")}\n` };
}

/** The text in the query of a request for the page; empty where there is none. */
export function textOf(url: string): string {
  const encoded = URL.parse(url, "http://page.invalid")?.searchParams.get("text") ?? "";
  return Buffer.from(encoded, "base64url").toString("utf8");
}

const html = (text: string): string => `<!doctype html>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${title}</title>
<style>
:root { color-scheme: light dark; }
body { font: 1.1rem/1.5 system-ui, sans-serif; margin: 20vh auto 0; max-width: 32rem; padding: 0 1.5rem; overflow-wrap: anywhere; }
h1 { font-size: 1.6rem; line-height: 1.2; }
</style>
<main>
<h1>${title}</h1>
${text === "" ? "" : `<p>${escaped(text)}</p>\n`}</main>
`;

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

const escaped = (text: string): string =>
  text.replaceAll(/[&<>"']/g, (character) => entities[character] ?? "");
