import { fingerprint, keyTypes } from "../ssh/public-key.ts";

/** Where a repository is that is reached by ssh. */
export interface SshPlace {
  readonly user: string;
  readonly host: string;
  readonly port: number;
  /** As the other side reads it: one without a slash begins at the user's home. */
  readonly path: string;
}

const word = /^(?!-)[\w.-]{1,200}$/;

/** Reads `git@host:path` and `ssh://git@host:port/path`; undefined for other text, and for what could be taken as an option. */
export function readSshPlace(text: string): SshPlace | undefined {
  const whole =
    /^ssh:\/\/(?<user>[^@/:]+)@(?<host>[^@/:[\]]+|\[[0-9a-f:.]+\])(?::(?<port>\d{1,5}))?(?<path>\/.*)$/i;
  const short = /^(?<user>[^@/:]+)@(?<host>[^@/:]+):(?!\/\/)(?<path>.*)$/;
  const groups = (whole.exec(text) ?? short.exec(text))?.groups ?? {};
  const { user = "", host = "", port = "22", path = "" } = groups;
  const isHost = word.test(host) || /^\[[0-9a-f:.]+\]$/i.test(host);
  if (!word.test(user) || !isHost || Number(port) < 1 || Number(port) > 65_535) return undefined;
  const there = path.replace(/\/+$/, "").replace(/^\/~/, "~");
  if (!/^(?!-)[\w./~+@-]{1,1000}$/.test(there)) return undefined;
  return { user, host: host.toLowerCase(), port: Number(port), path: there };
}

/** A host key, as known_hosts has it: `ssh-ed25519 AAAA…`. */
export const isHostKey = (text: string): boolean => {
  const [type = "", base64 = "", ...rest] = text.split(" ");
  return (
    rest.length === 0 && keyTypes.includes(type) && /^[A-Za-z0-9+/]{20,4096}={0,2}$/.test(base64)
  );
};

/** `SHA256:…` of a host key; a fingerprint is its own. */
export const fingerprintOf = (hostKey: string): string =>
  isFingerprint(hostKey)
    ? hostKey
    : fingerprint(Buffer.from(hostKey.split(" ")[1] ?? "", "base64"));

/** True for `SHA256:…`, as ssh-keygen and forges print it. */
export const isFingerprint = (text: string): boolean => /^SHA256:[A-Za-z0-9+/]{43}$/.test(text);
