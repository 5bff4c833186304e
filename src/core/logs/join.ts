import { streamKey, type LogLine } from "./item.ts";

/** A longer line stays in pieces, because an app may print without any line end. */
const maxJoined = 4 * 1024 * 1024;

/** Puts the pieces of a line together again that was too long for one item; `take` returns it once its end is there, `rest` gives what has no end yet. */
export function createJoining() {
  const open = new Map<string, { readonly first: LogLine; readonly texts: string[] }>();
  let length = 0;
  const close = (key: string): LogLine | undefined => {
    const known = open.get(key);
    if (known === undefined) return undefined;
    open.delete(key);
    const { isCut: _isCut, ...first } = known.first;
    const text = known.texts.join("");
    length -= text.length;
    return { ...first, text };
  };
  return {
    take: (line: LogLine): LogLine | undefined => {
      const key = streamKey(line);
      const known = open.get(key);
      if (known === undefined && line.isCut !== true) return line;
      const texts = known?.texts ?? [];
      texts.push(line.text);
      length += line.text.length;
      if (known === undefined) open.set(key, { first: line, texts });
      return line.isCut !== true || length > maxJoined ? close(key) : undefined;
    },
    rest: (): readonly LogLine[] => [...open.keys()].flatMap((key) => close(key) ?? []),
  };
}
