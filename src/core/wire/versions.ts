import { type Hint, command, hint } from "../hints.ts";
import type { Fields } from "../actions/fields.ts";
import { UserError } from "../errors.ts";
import { seeInstall } from "../install.ts";
import { plainText } from "../terminal-text.ts";

/** Returns what was read, and refuses what only a later version can have asked: to leave it out would be to do something else. */
export function allKnown<T extends object>(asked: Fields, known: T, where = ""): T {
  const isUnknown = ([name, value]: readonly [string, unknown]) =>
    !(name in known) && value !== undefined && value !== null && value !== false;
  const [name] = Object.entries(asked).find(isUnknown) ?? [];
  if (name === undefined) return known;
  throw newerRequest(
    `${where}${plainText(name.slice(0, 40))}: not known here, update mypaas on the server`,
  );
}

/** A refusal of what a later version asks. */
export const newerRequest = (message: string): UserError =>
  new UserError(`request: ${message}`, { code: "bad-request", hint: updateServer() });

/** What is done about a mypaas on the server that is older than the laptop's. */
export const updateServer = (to?: string): Hint =>
  hint`update mypaas on the server${to === undefined ? "" : ` to ${to}`}, ${seeInstall}; then run: sudo ${command("init")}`;

/** The same where nobody knows which side is older. */
export const sameVersions: Hint = `install the same version on both sides, ${seeInstall}`;

/** Says which side to update where laptop and server do not understand each other; the first servers do not say their version. */
export function whatToUpdate(laptop: string, server: string | undefined): Hint {
  const order = server === undefined ? 1 : compare(laptop, server);
  if (order === 0) return sameVersions;
  return order > 0
    ? updateServer(laptop)
    : `update mypaas here to ${server ?? "that of the server"}, ${seeInstall}`;
}

/** The same error with a hint that says which side to update, where it comes from two versions that differ. */
export function withUpdateHint(
  error: unknown,
  versions: { readonly laptop: string; readonly server: string | undefined },
): unknown {
  if (!(error instanceof UserError)) return error;
  const { message, code, details, still } = error;
  // The first servers say so in words and without the command.
  const isOld = code === "bad-request" && message.endsWith("update mypaas on the server");
  if (code !== "protocol" && !isOld) return error;
  const hint = isOld
    ? updateServer(versions.laptop)
    : whatToUpdate(versions.laptop, versions.server);
  return new UserError(message, { code, details, still, hint, cause: error });
}

/** By `major.minor.patch`; what follows does not count. */
function compare(one: string, other: string): number {
  const [a, b] = [one, other].map((version) => /^\d+\.\d+\.\d+/.exec(version)?.[0] ?? "");
  return (a ?? "").localeCompare(b ?? "", "en", { numeric: true });
}
