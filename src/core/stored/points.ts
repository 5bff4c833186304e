import { bucketsMs, codeClasses, type Point } from "../metrics/point.ts";

/** Of the form below, and of the ends of the classes of answer times. */
const version = 1;

/** A point as bytes: its version, then whole numbers, seven bits in each byte and the lowest first. A quiet minute takes about 10 bytes. */
export function writePoint({ sent, buckets, cpu, memory }: Point): Uint8Array {
  const bytes: number[] = [version];
  const put = (value: number) => {
    let rest = Math.max(0, Math.round(value));
    for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
    bytes.push(rest);
  };
  put(cpu * 1000);
  put(memory / 1024);
  // Empty classes at the end are not written.
  const counts = [...codeClasses.map((name) => sent[name]), ...buckets];
  const last = counts.findLastIndex((count) => count > 0);
  for (const count of counts.slice(0, last + 1)) put(count);
  return Uint8Array.from(bytes);
}

/** Reads it; undefined for bytes of another version, or damaged ones. */
export function readPoint(bytes: Uint8Array, at: number): Point | undefined {
  if (bytes[0] !== version) return undefined;
  const values: number[] = [];
  let value = 0;
  let weight = 1;
  for (const byte of bytes.subarray(1)) {
    value += (byte % 128) * weight;
    weight *= 128;
    if (byte >= 128) continue;
    values.push(value);
    [value, weight] = [0, 1];
  }
  const [cpuMs, memoryKib] = values;
  const most = 2 + codeClasses.length + bucketsMs.length + 1;
  if (weight !== 1 || cpuMs === undefined || memoryKib === undefined || values.length > most)
    return undefined;
  const [a = 0, b = 0, c = 0, d = 0, ...buckets] = values.slice(2);
  return {
    at,
    sent: { "2xx": a, "3xx": b, "4xx": c, "5xx": d },
    buckets:
      buckets.length === 0
        ? []
        : Array.from({ length: bucketsMs.length + 1 }, (_, index) => buckets[index] ?? 0),
    cpu: cpuMs / 1000,
    memory: memoryKib * 1024,
  };
}
