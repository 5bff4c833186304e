// The characters of Go's unicode.IsSpace, which Docker trims.
const space = /[\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/;

/** True for a character that is white space for Docker's parser. */
export const isSpace = (char: string): boolean => space.test(char);

/** The index of the first character from `from` on that is not white space. */
export function firstNonSpace(line: string, from: number): number {
  let at = from;
  while (at < line.length && isSpace(line.charAt(at))) at++;
  return at;
}
