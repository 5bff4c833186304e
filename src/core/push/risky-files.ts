import { shortList } from "../format.ts";
import { command, hint, hintFields } from "../hints.ts";
import { posix } from "node:path";
import type { Event } from "../wire/events.ts";
import type { ManifestEntry } from "../actions/push.ts";
import { shownPath } from "./manifest.ts";

const risky: readonly RegExp[] = [
  /^\.env(?!\.(?:example|sample|template|dist|defaults?)$)(?:\..+)?$/,
  /^id_(?:rsa|dsa|ecdsa|ed25519)(?:_sk)?$/,
  /^(?:.*key.*\.pem|.*\.key|.*\.p12|.*\.pfx|.*\.ppk)$/,
  /^(?:\.npmrc|\.pypirc|\.netrc|\.pgpass|\.git-credentials|\.htpasswd)$/,
];
const riskyFolders: ReadonlySet<string> = new Set([".aws", ".ssh", ".gnupg", ".kube", ".docker"]);
const maxNamed = 5;

/** Warns, in one event, of files whose names suggest a secret; does not read them. */
export function warnOfRiskyFiles(entries: readonly ManifestEntry[]): Event | undefined {
  const found = entries.map((entry) => entry.path).filter(isRisky);
  if (found.length === 0) return undefined;
  return {
    kind: "warning",
    text: `build context: files that may hold secrets are sent: ${shortList(found.map(shownPath), maxNamed)}`,
    ...hintFields(hint`add them to .dockerignore, and set values with: ${command("env")}`),
  };
}

function isRisky(path: string): boolean {
  const name = posix.basename(path).toLowerCase();
  const folders = posix.dirname(path).split("/");
  if (name === "config" && folders.at(-1) === ".git") return true;
  return risky.some((pattern) => pattern.test(name)) || folders.some((f) => riskyFolders.has(f));
}
