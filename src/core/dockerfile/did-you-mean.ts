const maxLength = 40;

/** The known word that is most similar to `word`, ignoring case; undefined when none is similar enough to be a typing error. */
export function didYouMean(word: string, known: readonly string[]): string | undefined {
  if (word === "" || word.length > maxLength) return undefined;
  const wanted = word.toLowerCase();
  let best: { readonly name: string; readonly distance: number } | undefined;
  for (const name of known) {
    const limit = Math.min(3, Math.floor(Math.max(wanted.length, name.length) / 3));
    const distance = editDistance(wanted, name.toLowerCase(), limit);
    if (distance <= limit && (best === undefined || distance < best.distance))
      best = { name, distance };
  }
  return best?.name;
}

/** The number of insertions, deletions, replacements and swaps of neighbours between two words; `limit + 1` for every larger number. */
export function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  let before: readonly number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const edited = Math.min(row[j - 1] ?? Infinity, previous[j] ?? Infinity) + 1;
      const replaced = (previous[j - 1] ?? Infinity) + (same ? 0 : 1);
      row.push(Math.min(edited, replaced, swapped ? (before[j - 2] ?? Infinity) + 1 : Infinity));
    }
    if (Math.min(...row) > limit) return limit + 1;
    before = previous;
    previous = row;
  }
  return Math.min(previous[b.length] ?? 0, limit + 1);
}
