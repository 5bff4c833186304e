/** One row as it came out of SQLite, taken apart column by column; a value of another type is a bug and throws. */
export class Row {
  readonly #columns: Readonly<Record<string, unknown>>;

  constructor(columns: object) {
    this.#columns = { ...columns };
  }

  text(column: string): string {
    const value = this.#columns[column];
    if (typeof value !== "string") throw unexpected(column, "text", value);
    return value;
  }

  integer(column: string): number {
    const value = this.#columns[column];
    if (typeof value !== "number") throw unexpected(column, "a number", value);
    return value;
  }

  bytes(column: string): Uint8Array | undefined {
    const value = this.#columns[column];
    if (value === null) return undefined;
    if (!(value instanceof Uint8Array)) throw unexpected(column, "bytes", value);
    return value;
  }

  optionalText(column: string): string | undefined {
    return this.#columns[column] === null ? undefined : this.text(column);
  }

  optionalInteger(column: string): number | undefined {
    return this.#columns[column] === null ? undefined : this.integer(column);
  }

  /** One of the words given. */
  word<const W extends string>(column: string, words: readonly W[]): W {
    const value = this.text(column);
    const word = words.find((known) => known === value);
    if (word === undefined) throw unexpected(column, words.join("|"), value);
    return word;
  }
}

const unexpected = (column: string, wanted: string, value: unknown): Error =>
  new Error(`state column ${column}: expected ${wanted}, got ${typeof value}`);
