import { writeUlimit, type UlimitSpec } from "../../release/spec.ts";
import { amount, count, flag, object, text } from "../../stored/shape.ts";
import { didYouMean } from "../did-you-mean.ts";
import { bad, good, readBoolean, refuse, show, type Read } from "../values.ts";
import {
  ifSet,
  about,
  listChange,
  manyValues,
  oneValue,
  refuseTwice,
  type FileKeys,
  type Key,
} from "./key.ts";
import { limitFields, readBytes, writeBytes } from "./limits.ts";

const init = oneValue<"init">({
  name: "init",
  syntax: "true or false",
  fallback: "true, until a program says that it has to be process 1",
  help: "true: Docker's init is process 1, passes signals on and collects ended processes. false: the image's own program is process 1, as s6-overlay 3 needs it.",
  read: readBoolean,
  default: true,
  stored: flag,
  text: (isOurs) => (isOurs ? undefined : "the image's own program is process 1"),
  write: (isOurs) => (isOurs ? undefined : "false"),
});

const shmBytes = oneValue<"shmBytes">({
  name: "shm",
  aliases: ["shm-size"],
  syntax: "256m",
  fallback: "64m",
  help: "Size of /dev/shm in each container, for PostgreSQL's parallel queries, Chromium and others. What lies there counts as memory.",
  read: (text) => readBytes(text, "1m"),
  default: undefined,
  stored: amount,
  rule: checkShm,
  title: "limits",
  text: ifSet((bytes) => `${writeBytes(bytes)} of /dev/shm`),
  write: ifSet(writeBytes),
});

const ulimits = manyValues<"ulimits">({
  name: "ulimit",
  syntax: "name=soft[:hard]",
  fallback: "Docker's own",
  help: "A limit of the kernel for each process, such as nofile=65536 for open files. unlimited means no limit.",
  read: readUlimit,
  stored: object<UlimitSpec, keyof UlimitSpec>({ name: text, soft: count, hard: count }),
  rule: refuseTwice(({ name }) => name),
  title: "limits",
  text: (limit) => `ulimit ${writeUlimit(limit)}`,
  changes: listChange("ulimit", writeUlimit),
});

export const runtimeFields = { shmBytes, ulimits, init };

function checkShm(key: Key<number>, { values, warnings }: FileKeys): void {
  const [shm] = values(key);
  const [memory] = values(limitFields.maxMemoryBytes.key);
  if (shm === undefined || memory === undefined || shm.value < memory.value) return;
  const limit = `mypaas.maxmem = ${writeBytes(memory.value)} (line ${memory.line})`;
  warnings.add(shm, about(key, `${writeBytes(shm.value)} counts as memory, and ${limit}`));
}

/** The names that Docker knows; Linux ignores `rss`, and Docker passes it on. */
const ulimitNames = [
  "core",
  "cpu",
  "data",
  "fsize",
  "locks",
  "memlock",
  "msgqueue",
  "nofile",
  "nproc",
  "rss",
  "rttime",
  "sigpending",
  "stack",
];

/** Docker knows these as well: with them a process goes before all others of the server, Traefik included. */
const privileged = ["nice", "rtprio"];

/** Reads `name=soft[:hard]`, such as `nofile=1024:65536`. */
function readUlimit(text: string): Read<UlimitSpec> {
  const match = /^([a-z]+)\s*=\s*([^\s:]+)(?:\s*:\s*([^\s:]+))?$/i.exec(text);
  const [, word = "", first = "", second = first] = match ?? [];
  const form = "name=soft or name=soft:hard, such as nofile=65536";
  if (match === null) return bad(form, text);
  const name = word.toLowerCase();
  if (privileged.includes(name))
    return refuse(`${name} is not possible: it would let a service slow down the whole server`);
  if (!ulimitNames.includes(name)) {
    const near = didYouMean(name, ulimitNames);
    const names = `the names are ${ulimitNames.join(", ")}`;
    return refuse(
      `no limit is called "${show(word)}"`,
      near === undefined ? names : `did you mean ${near}?`,
    );
  }
  const [soft, hard] = [readLimit(first), readLimit(second)];
  if (soft === undefined || hard === undefined)
    return bad(`${form}, with whole numbers or unlimited`, text);
  if (hard !== -1 && (soft === -1 || soft > hard))
    return refuse(`the soft limit ${first} is above the hard limit ${second}`);
  return good({ name, soft, hard });
}

/** Undefined for what is no limit. */
function readLimit(text: string): number | undefined {
  if (/^(-1|unlimited)$/i.test(text)) return -1;
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
