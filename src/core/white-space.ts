// What Go's unicode.IsSpace accepts, which is what Docker trims by.
const space = /[\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/;

/** White space as Docker's parser knows it. */
export function isSpace(char: string): boolean {
  return space.test(char);
}

/** Index of the first character at or after `from` that is no white space. */
export function firstNonSpace(line: string, from: number): number {
  let at = from;
  while (at < line.length && isSpace(line.charAt(at))) at++;
  return at;
}
