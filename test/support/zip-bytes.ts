import { crc32, deflateRawSync } from "node:zlib";

/** A member of a zip in a test; size, checksum and flags may lie. */
export interface ZipMember {
  readonly name: string;
  readonly data?: string | Buffer;
  /** Of Unix, with the kind; without it the zip comes from another system. */
  readonly mode?: number;
  readonly size?: number;
  readonly crc?: number;
  readonly flags?: number;
  /** True for one that has the bytes of the member before. */
  readonly shared?: boolean;
}

/** The bytes of a zip with these members, written by hand so that it can be wrong. */
export function zipOf(members: readonly ZipMember[]): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let [length, start] = [0, 0];
  for (const { name, data = "", mode, flags = 0, shared = false, ...wrong } of members) {
    const bytes = Buffer.from(data);
    const packed = deflateRawSync(bytes);
    const path = Buffer.from(name);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(0x800 | flags, 2);
    common.writeUInt16LE(8, 4);
    common.writeUInt32LE(wrong.crc ?? crc32(bytes), 10);
    common.writeUInt32LE(packed.length, 14);
    common.writeUInt32LE(wrong.size ?? bytes.length, 18);
    common.writeUInt16LE(path.length, 22);
    if (!shared) {
      start = length;
      const local = [Buffer.from("504b0304", "hex"), common, path, packed];
      parts.push(...local);
      length += local.reduce((all, part) => all + part.length, 0);
    }
    const made = Buffer.from([20, mode === undefined ? 0 : 3]);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(((mode ?? 0) << 16) >>> 0, 6);
    rest.writeUInt32LE(start, 10);
    directory.push(Buffer.from("504b0102", "hex"), made, common, rest, path);
  }
  const central = Buffer.concat(directory);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(members.length, 4);
  end.writeUInt16LE(members.length, 6);
  end.writeUInt32LE(central.length, 8);
  end.writeUInt32LE(length, 12);
  return Buffer.concat([...parts, central, Buffer.from("504b0506", "hex"), end]);
}
