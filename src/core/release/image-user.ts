/** A user and a group as numbers. */
export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

export const root: Owner = { uid: 0, gid: 0 };

/** `USER` of an image where it says all that is needed: empty, root, or numbers of user and group. */
export function plainUser(user: string): Owner | undefined {
  if (["", "0", "root", "0:0", "root:root"].includes(user)) return root;
  const match = /^(\d{1,10}):(\d{1,10})$/.exec(user);
  return match === null ? undefined : { uid: Number(match[1]), gid: Number(match[2]) };
}

/** `USER` of an image when it is numeric, with or without a group; empty means root. */
export function numericUser(user: string): Owner | undefined {
  const match = /^(\d{1,10})(?::(\d{1,10}))?$/.exec(user === "" ? "0" : user);
  if (match?.[1] === undefined) return undefined;
  return { uid: Number(match[1]), gid: Number(match[2] ?? match[1]) };
}

/** Finds the user that an image's programs run as, in `/etc/passwd` and `/etc/group` of that image, as runc does; undefined for a name that is in neither. */
export function resolveUser(
  user: string,
  files: { readonly passwd: string; readonly group: string },
): Owner | undefined {
  const plain = plainUser(user);
  if (plain !== undefined) return plain;
  const [name = "", groupName] = user.split(":", 2);
  const known = rows(files.passwd).find(([login, , uid]) => login === name || uid === name);
  const uid = numberOf(known?.[2]) ?? numberOf(name === "" ? "0" : name);
  if (uid === undefined) return undefined;
  // For a number that no line names, the group has the same one.
  if (groupName === undefined || groupName === "") return { uid, gid: numberOf(known?.[3]) ?? uid };
  const group = rows(files.group).find(([of, , gid]) => of === groupName || gid === groupName);
  const gid = numberOf(group?.[2]) ?? numberOf(groupName);
  return gid === undefined ? undefined : { uid, gid };
}

const rows = (text: string): readonly (readonly string[])[] =>
  text.split("\n").map((line) => line.trimEnd().split(":"));

const numberOf = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d{1,10}$/.test(text) ? Number(text) : undefined;
