import { readFile, stat } from "node:fs/promises";
import { resolve } from "node:path";
import { writeEnrolledKeys } from "../../adapters/host/enrolled-keys-file.ts";
import { type Ensured, ifThere, readIfThere } from "../../adapters/files.ts";
import { type EnrolledKey, parseAuthorizedKeys } from "../../core/ssh/authorized-keys.ts";
import { UserError } from "../../core/errors.ts";
import { instancePaths, type InstanceConfig } from "../../core/server/instance.ts";
import type { World } from "../../core/world.ts";
import { command, hint } from "../../core/hints.ts";
import { unreadable } from "./refused.ts";

/** Keys that init would enrol, and what it says about those it leaves out. */
export interface KeyChoice {
  readonly keys: readonly EnrolledKey[];
  readonly skipped: readonly string[];
  /** Why there is none, where that leaves a server without any. */
  readonly none?: UserError | undefined;
}

/** What this run of init enrols: the files that were named, else none where keys are enrolled, else the calling user's own. */
export async function chooseKeys(
  files: readonly string[] | undefined,
  config: InstanceConfig,
  world: Pick<World, "cwd">,
): Promise<KeyChoice> {
  if (files !== undefined) return keysOfFiles(files, world.cwd);
  // A key that was removed since must not come back with the next upgrade.
  const enrolled = await enrolledNow(config).catch(() => []);
  if (enrolled.length > 0) return { keys: [], skipped: [] };
  const choice = await keysOfUser(config.owner.home);
  const none = choice.keys.length > 0 ? undefined : noKeyError(config.owner.home, choice.skipped);
  return { ...choice, none };
}

/** The keys of every `--key FILE`; throws UserError for a file that holds none or a line that is none. */
export async function keysOfFiles(files: readonly string[], cwd: string): Promise<KeyChoice> {
  const keys: EnrolledKey[] = [];
  for (const name of files) {
    // oxlint-disable-next-line no-await-in-loop
    const file = resolve(cwd, name);
    const text = await readFile(file, "utf8").catch((error: unknown) => {
      throw unreadable(file, error, keyHint);
    });
    const parsed = parseAuthorizedKeys(text);
    const [problem] = parsed.problems;
    if (problem)
      throw new UserError(`${name}:${problem.line}: ${problem.message}`, {
        hint: "give the public key, the file that ends in .pub",
      });
    if (parsed.keys.length === 0)
      throw new UserError(`${name}: holds no public key`, {
        hint: "make a key: ssh-keygen -t ed25519",
      });
    keys.push(...parsed.keys);
  }
  return { keys: unique(keys), skipped: [] };
}

/** The keys without options in the authorized_keys of the calling user: the same keys may log in and push. */
export async function keysOfUser(home: string): Promise<KeyChoice> {
  const file = `${home}/.ssh/authorized_keys`;
  // Without root it is unreadable; missing root is reported as well.
  const text = (await readIfThere(file).catch(() => undefined))?.toString("utf8") ?? "";
  const { keys, problems } = parseAuthorizedKeys(text);
  const limited = keys.filter(({ optionsText }) => optionsText !== "");
  return {
    keys: unique(keys.filter((key) => !limited.includes(key))),
    skipped: [
      ...limited.map((key) => `${describeKey(key)}: has options`),
      ...problems.map(({ line, message }) => `${file}:${line}: ${message}`),
    ],
  };
}

/** The error for a server that would accept no key. */
export function noKeyError(home: string, details: readonly string[]): UserError {
  const file = `${home}/.ssh/authorized_keys`;
  return new UserError(`keys: none to enrol, ${file} has none without options`, {
    code: "no-key",
    hint: hint`copy your public key here, then run: ${command("init --key FILE")}`,
    details,
  });
}

/** `SHA256:… name`, as shown to people. */
export const describeKey = (key: EnrolledKey): string =>
  `${key.fingerprint} ${key.name || key.type}`.trim();

/** The keys that may push now; the file follows the worker's state. */
export async function enrolledNow(config: Pick<InstanceConfig, "stateDir" | "runDir">) {
  const file = await readIfThere(instancePaths(config).authorizedKeys);
  return parseAuthorizedKeys(file?.toString("utf8") ?? "").keys;
}

/** Enrols what is new, in the state when there is one, else in the file that the worker's first start takes over. */
export async function enrol(
  config: InstanceConfig,
  keys: readonly EnrolledKey[],
  now: number,
): Promise<{ readonly found: Ensured; readonly added: readonly EnrolledKey[] }> {
  const { authorizedKeys, database } = instancePaths(config);
  const hasState = (await ifThere(stat(database))) !== undefined;
  const wanted = { before: await enrolledNow(config), keys, now };
  const { added, lines } = hasState ? await enrolInState(database, wanted) : addTo(wanted);
  return { found: await writeEnrolledKeys(authorizedKeys, lines), added };
}

/** Keys by their lines: those that are new, and all that are enrolled then. */
interface Enrolled {
  readonly added: readonly EnrolledKey[];
  readonly lines: readonly string[];
}

interface Enrolling {
  readonly before: readonly EnrolledKey[];
  readonly keys: readonly EnrolledKey[];
  readonly now: number;
}

function addTo({ before, keys }: Enrolling): Enrolled {
  const added = keys.filter((key) => !before.some((old) => old.fingerprint === key.fingerprint));
  return { added, lines: [...before, ...added].map(({ line }) => line) };
}

/** The worker may be running: it reads the keys out of the state for every request. */
async function enrolInState(database: string, { before, keys, now }: Enrolling): Promise<Enrolled> {
  const { openState } = await import("../../adapters/state/state.ts");
  const { addKey, importKeys, readKeyLines } = await import("../../adapters/state/keys.ts");
  const state = openState(database);
  try {
    // Its worker may have been stopped before it came to them.
    importKeys(state, before, now);
    const added = keys.filter(({ fingerprint, line }) =>
      addKey(state, { fingerprint, line, now, by: "init" }),
    );
    return { added, lines: readKeyLines(state).map(({ line }) => line) };
  } finally {
    state.close();
  }
}

const unique = (keys: readonly EnrolledKey[]): readonly EnrolledKey[] => [
  ...new Map(keys.map((key) => [key.fingerprint, key])).values(),
];

const keyHint = hint`give the file of a public key: ${command("init --key ~/.ssh/id_ed25519.pub")}`;
