import { commitForm } from "../name-forms.ts";
import { isAddress } from "../server/addresses.ts";

/** A repository and what is taken of it. */
export interface Repository {
  /** `https://…`, without a name, a password, a query or a fragment. */
  readonly url: string;
  readonly branch: string;
}

const defaultBranch = "main";

/** Reads `https://github.com/ann/web#branch`; a text is the reason for which it is none. */
export function readRepository(text: string): Repository | string {
  const [address = "", branch = defaultBranch, ...rest] = text.split("#");
  if (/^[\w.-]+@[\w.-]+:/.test(address)) return overSsh(address);
  if (!URL.canParse(address) || /[\s\p{Cc}\\]/u.test(address)) return "is not a URL";
  const url = new URL(address);
  if (url.protocol === "ssh:") return overSsh(address);
  if (url.protocol !== "https:")
    return `is not reached by https, but by ${url.protocol.slice(0, -1)}`;
  if (url.username !== "" || url.password !== "") return "holds a password; give it with --token -";
  if (url.search !== "") return "has a query, as no repository has";
  if (url.pathname === "/") return "names no repository";
  const { hostname } = url;
  if (hostname === "localhost" || hostname.endsWith(".localhost")) return "is this server itself";
  if (rest.length > 0 || !isBranch(branch)) return `names no branch: ${JSON.stringify(branch)}`;
  return { url: url.href.replace(/\/+$/, ""), branch };
}

const overSsh = (address: string): string =>
  `is reached by ssh; name it with https: https://${address
    .replace(/^ssh:\/\//, "")
    .replace(/^[^@/]*@/, "")
    .replace(":", "/")}`;

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
