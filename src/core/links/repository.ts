import { commitForm } from "../name-forms.ts";
import { isAddress } from "../server/addresses.ts";
import { readSshPlace } from "./ssh-place.ts";

/** A repository and what is taken of it. */
export interface Repository {
  /** `https://…` without a name, a password, a query or a fragment; or `git@host:path` or `ssh://git@host/path`. */
  readonly url: string;
  readonly branch: string;
}

const defaultBranch = "main";

/** Reads `https://github.com/ann/web#branch` or `git@github.com:ann/web#branch`; a text is the reason for which it is none. */
export function readRepository(text: string): Repository | string {
  const [address = "", branch = defaultBranch, ...rest] = text.split("#");
  const isSsh = /^ssh:/i.test(address) || /^[^/:]+@[^/]*:/.test(address);
  const problem = (isSsh ? sshProblem : httpsProblem)(address);
  if (problem !== undefined) return problem;
  if (rest.length > 0 || !isBranch(branch)) return `names no branch: ${JSON.stringify(branch)}`;
  const url = isSsh ? address : new URL(address).href;
  return { url: url.replace(/\/+$/, ""), branch };
}

function httpsProblem(address: string): string | undefined {
  if (!URL.canParse(address) || /[\s\p{Cc}\\]/u.test(address)) return "is not a URL";
  const url = new URL(address);
  if (url.protocol !== "https:")
    return `is not reached by https or ssh, but by ${url.protocol.slice(0, -1)}`;
  if (url.username !== "" || url.password !== "") return "holds a password; give it with --token -";
  if (url.search !== "") return "has a query, as no repository has";
  if (url.pathname === "/") return "names no repository";
  return isThisServer(url.hostname) ? itself : undefined;
}

function sshProblem(address: string): string | undefined {
  if (/^ssh:\/\/[^/@]*:[^/@]*@/i.test(address)) return "holds a password; ssh uses a deploy key";
  if (/^ssh:\/\/[^@]*$/i.test(address)) return "names no user, such as git@";
  const place = readSshPlace(address);
  if (place === undefined) return "is no address for ssh, such as git@github.com:ann/web";
  return isThisServer(place.host) ? itself : undefined;
}

const itself = "is this server itself";
const isThisServer = (host: string): boolean => host === "localhost" || host.endsWith(".localhost");

/** What git-check-ref-format takes as a branch, in ASCII and more narrowly; never an option or a full reference. */
export const isBranch = (text: string): boolean =>
  /^(?!\/|-|refs\/)[\w./+@=-]{1,200}$/.test(text) &&
  !/\.\.|\/\/|\/\.|@\{|\.lock(\/|$)|[./]$|^\.|^@$/.test(text);

/** The full name of a commit. */
export const isCommit = (text: string): boolean => commitForm.test(text) && !/^0+$/.test(text);

/** The host of a repository, with an address without its brackets. */
export const hostOf = (url: string): string => {
  const host = new URL(url).hostname.replace(/^\[|\]$/g, "");
  return isAddress(host) ? host : new URL(url).host;
};
