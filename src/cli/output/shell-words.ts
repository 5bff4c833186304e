/** A command that can be copied into a shell; words that are not there are left out. */
export function commandLine(...words: readonly (string | undefined | false)[]): string {
  return words
    .filter((word) => word !== undefined && word !== false)
    .map(quote)
    .join(" ");
}

/** An option with its value, or nothing. */
export const option = (name: string, value: string | undefined): readonly string[] =>
  value === undefined ? [] : [name, value];

const quote = (word: string): string =>
  /^[\w@%+=:,./~-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
