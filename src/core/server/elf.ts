/** Path of the dynamic loader in an ELF program (PT_INTERP, elf(5)); undefined for a static or other program. `bytes` must include the program headers and the path. */
export function elfInterpreter(bytes: Buffer): string | undefined {
  const is64BitLittleEndian = bytes.subarray(0, 6).equals(Buffer.from("\x7fELF\x02\x01", "latin1"));
  if (!is64BitLittleEndian || bytes.length < 64) return undefined;
  const table = Number(bytes.readBigUInt64LE(32));
  const size = bytes.readUInt16LE(54);
  const count = bytes.readUInt16LE(56);
  for (let index = 0; index < count; index += 1) {
    const at = table + index * size;
    if (at + 40 > bytes.length) return undefined;
    if (bytes.readUInt32LE(at) !== interpreterSegment) continue;
    const begin = Number(bytes.readBigUInt64LE(at + 8));
    const length = Number(bytes.readBigUInt64LE(at + 32));
    const path = bytes
      .subarray(begin, begin + length)
      .toString("latin1")
      .replace(/\0.*$/s, "");
    return path.startsWith("/") ? path : undefined;
  }
  return undefined;
}

const interpreterSegment = 3;

/** Processor of an ELF program (e_machine), as uname(1) names it; undefined for any other file. */
export function elfMachine(bytes: Buffer): string | undefined {
  if (bytes.length < 20 || bytes.toString("latin1", 0, 4) !== "\x7fELF") return undefined;
  const isBigEndian = bytes[5] === 2;
  const number = isBigEndian ? bytes.readUInt16BE(18) : bytes.readUInt16LE(18);
  return machines[number] ?? `processor ${number}`;
}

const machines: Readonly<Record<number, string>> = {
  3: "i686",
  21: "ppc64le",
  22: "s390x",
  40: "armv7l",
  62: "x86_64",
  183: "aarch64",
  243: "riscv64",
};
