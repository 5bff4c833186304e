interface Field {
  readonly id: number;
  readonly value: number | Buffer;
}
/** One message: its fields in the order in which they came. */
export type Fields = readonly Field[];

/** Reads the wire format of protobuf; throws RangeError when it is cut off. */
export function fieldsOf(buffer: Buffer): Fields {
  const fields: Field[] = [];
  let offset = 0;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = buffer.readUInt8(offset);
      offset += 1;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  const take = (length: number): Buffer => {
    if (offset + length > buffer.length) throw new RangeError("protobuf: cut off");
    offset += length;
    return buffer.subarray(offset - length, offset);
  };
  while (offset < buffer.length) {
    const key = varint();
    const id = Math.floor(key / 8);
    switch (key % 8) {
      case 0:
        fields.push({ id, value: varint() });
        break;
      case 1:
        take(8);
        break;
      case 2:
        fields.push({ id, value: take(varint()) });
        break;
      case 5:
        take(4);
        break;
      default:
        throw new RangeError(`protobuf: unknown wire type ${key % 8}`);
    }
  }
  return fields;
}

/** Every message under a field. */
export const parts = (fields: Fields, id: number): readonly Fields[] =>
  fields.flatMap((field) =>
    field.id === id && typeof field.value !== "number" ? [fieldsOf(field.value)] : [],
  );

/** The last value of a field, empty when there is none. */
export function bytes(fields: Fields, id: number): Buffer {
  const value = fields.findLast((field) => field.id === id)?.value;
  return value === undefined || typeof value === "number" ? Buffer.alloc(0) : value;
}

/** The same as text. */
export const text = (fields: Fields, id: number): string => bytes(fields, id).toString("utf8");

/** The last number of a field, 0 when there is none. */
export function number(fields: Fields, id: number): number {
  const value = fields.findLast((field) => field.id === id)?.value;
  return typeof value === "number" ? value : 0;
}
