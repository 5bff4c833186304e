const bars = "▁▂▃▄▅▆▇█";
const heights = bars.length;

/** One character for each value, as high as its share of the largest one; a space where there is none. */
export function sparkline(values: readonly (number | undefined)[], most = largest(values)): string {
  return values.map((value) => barOf(value, most, heights)).join("");
}

/** The same with several lines, the highest first. */
export function chart(values: readonly (number | undefined)[], lines: number): readonly string[] {
  const most = largest(values);
  const all = lines * heights;
  return Array.from({ length: lines }, (_, index) => {
    const below = (lines - 1 - index) * heights;
    return values
      .map((value) => {
        const height = heightOf(value, most, all);
        return height <= below ? " " : (bars[Math.min(heights, height - below) - 1] ?? " ");
      })
      .join("");
  });
}

export const largest = (values: readonly (number | undefined)[]): number =>
  values.reduce<number>((most, value) => Math.max(most, value ?? 0), 0);

function barOf(value: number | undefined, most: number, all: number): string {
  const height = heightOf(value, most, all);
  return height === 0 ? " " : (bars[height - 1] ?? " ");
}

/** Whatever there is can be seen; 0 is a line at the bottom. */
function heightOf(value: number | undefined, most: number, all: number): number {
  if (value === undefined) return 0;
  return most === 0 ? 1 : Math.max(1, Math.round((value / most) * all));
}

/** Values by column: those of one column are put together, and undefined stands where there is none. */
export function columnsOf<T>(
  items: readonly T[],
  { from, to, columns }: { readonly from: number; readonly to: number; readonly columns: number },
  atOf: (item: T) => number,
): readonly (readonly T[])[] {
  const found: T[][] = Array.from({ length: columns }, () => []);
  for (const item of items) {
    const column = Math.floor(((atOf(item) - from) / Math.max(1, to - from)) * columns);
    found[Math.min(columns - 1, Math.max(0, column))]?.push(item);
  }
  return found;
}
