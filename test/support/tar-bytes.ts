import { pack, type Header } from "tar-stream";
import { buffer } from "node:stream/consumers";

/** A member of an archive in a test. */
export type Member = Partial<Header> & Pick<Header, "name"> & { readonly data?: string | Buffer };

/** The bytes of a tar with these members. */
export async function tarOf(members: readonly Member[]): Promise<Buffer> {
  const tar = pack();
  for (const { data = "", ...header } of members)
    if (header.type === undefined || header.type === "file") tar.entry(header, data);
    else tar.entry(header);
  tar.finalize();
  return buffer(tar as AsyncIterable<Buffer>);
}

/** A header block written by hand, for what no library writes. */
export function tarHeader(name: string, size: string, type = "0"): Buffer {
  const block = Buffer.alloc(512);
  block.write(name, 0);
  block.write("0000644\0", 100);
  block.write(size.padStart(11, "0"), 124);
  block.write(type, 156);
  block.write("ustar\u000000", 257);
  block.write("        ", 148);
  const sum = block.reduce((all, byte) => all + byte, 0);
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return block;
}
