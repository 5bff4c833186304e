/** Syntax that needs a shell: lists, pipes, redirections, expansions, several lines. */
const needsShell = /[&|;<>$`*?(){}[\]~#!\\\n]|^\w+=/;
const word = /(?:[^\s"']|"[^"]*"|'[^']*')+/g;

/**
 * A command as a container gets it. A simple command becomes its words, so that it also runs in an image without a shell; any other
 * becomes a line for `/bin/sh`. Quotes keep spaces; the shell reports a quote that is not closed.
 */
export function commandWords(text: string): readonly string[] {
  const isBalanced = [`"`, `'`].every((quote) => text.split(quote).length % 2 === 1);
  if (needsShell.test(text) || !isBalanced) return ["/bin/sh", "-c", text];
  return (text.match(word) ?? []).map((part) =>
    part.replaceAll(
      /"([^"]*)"|'([^']*)'/g,
      (_all, double?: string, single?: string) => double ?? single ?? "",
    ),
  );
}
