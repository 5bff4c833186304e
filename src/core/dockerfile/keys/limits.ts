import { amount } from "../../stored/shape.ts";
import { bad, good, type Read } from "../values.ts";
import { ifSet, oneValue } from "./key.ts";

const limit = { default: undefined, stored: amount, title: "limits" } as const;

export const limitFields = {
  maxCpu: oneValue<"maxCpu">({
    name: "maxcpu",
    syntax: "0.5",
    fallback: "no limit",
    help: "Processors that each container may use.",
    read: readCpu,
    ...limit,
    text: ifSet((cpu) => `${cpu} cpu`),
    write: ifSet(String),
  }),
  maxMemoryBytes: oneValue<"maxMemoryBytes">({
    name: "maxmem",
    syntax: "256m",
    fallback: "no limit",
    help: "Memory that each container may use.",
    read: readMemory,
    ...limit,
    text: ifSet((bytes) => `${Math.round(bytes / 2 ** 20)} MiB`),
    write: ifSet(writeBytes),
  }),
};

/** Reads a number of processors: `2`, `0.5`. */
function readCpu(text: string): Read<number> {
  const cpu = /^(\d{1,4}(\.\d{1,3})?|\.\d{1,3})$/.test(text) ? Number(text) : NaN;
  return cpu >= 0.01 && cpu <= 1024
    ? good(cpu)
    : bad("a number of processors from 0.01 to 1024, such as 0.5", text);
}

const sizeUnits = { k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40 } as const;

/** Docker takes no less than 6 MiB. */
function readMemory(text: string): Read<number> {
  return readBytes(text, "6m");
}

const leastBytes = { "1k": 2 ** 10, "1m": 2 ** 20, "6m": 6 * 2 ** 20 } as const;

/** Reads bytes: `256m`, `1.5g`, `512MiB`. */
export function readBytes(text: string, least: keyof typeof leastBytes): Read<number> {
  const match = /^(\d{1,12}(?:\.\d{1,3})?)([kmgt])i?b?$/i.exec(text);
  const unit = match?.[2]?.toLowerCase();
  if (!match || !(unit === "k" || unit === "m" || unit === "g" || unit === "t")) {
    const hint = /^\d{1,12}$/.test(text) ? `write a unit, such as ${text}m` : undefined;
    return bad("a size such as 256m or 1g", text, hint);
  }
  const bytes = Math.round(Number(match[1]) * sizeUnits[unit]);
  if (bytes < leastBytes[least] || bytes > 64 * sizeUnits.t)
    return bad(`from ${least} to 64t`, text);
  return good(bytes);
}

/** Writes bytes in the largest unit that needs no fraction. */
export function writeBytes(bytes: number): string {
  const units = ["", "k", "m", "g"];
  let value = bytes;
  let unit = 0;
  while (unit < 3 && value % 1024 === 0) {
    value /= 1024;
    unit += 1;
  }
  return `${value}${units[unit]}`;
}
