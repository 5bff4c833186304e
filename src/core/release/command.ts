/** What only a shell understands: lists, pipes, redirections, expansions, several lines. */
const needsShell = /[&|;<>$`*?(){}[\]~#!\\\n]|^\w+=/;
const word = /(?:[^\s"']|"[^"]*"|'[^']*')+/g;

/**
 * A command as a container gets it: its words where it is that simple, so that it runs in an image without a shell too, else a
 * line for `/bin/sh`. Quotes keep spaces together; a quote without its other half is the shell's to complain about.
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
