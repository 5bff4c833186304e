import { UserError } from "../errors.ts";
import type { EnrolledKey, Right } from "../ssh/authorized-keys.ts";
import { fingerprint } from "../ssh/public-key.ts";
import { isSignedBy, readSshSignature, type SshSignature } from "../ssh/sshsig.ts";
import { SshFormatError } from "../ssh/wire-format.ts";
import { jsonFields, list, readFields, text, wholeNumber, type Reader } from "../actions/fields.ts";
import { plainText } from "../terminal-text.ts";
import { command, hint } from "../hints.ts";
import { allKnown } from "./versions.ts";

/** SSHSIG namespace of grants: none can be replayed as a request, nor the other way round. */
export const grantNamespace = "mypaas-grant@v1";

/** The rights that a grant can pass on; those to keys and to programs never leave the key itself. */
export const grantRights = ["push", "env", "logs", "manage"] as const satisfies readonly Right[];

/** What the holder of a token may do, as its maker signed it: the token is the grant and the signature, and the server stores neither. */
export interface Grant {
  readonly v: 1;
  /** Id of the server that it is for. */
  readonly server: string;
  /** 16 random hex digits. */
  readonly id: string;
  readonly name: string;
  /** Service names with `*` at any place. */
  readonly services: readonly string[];
  readonly actions: readonly (typeof grantRights)[number][];
  /** `read`: only what changes nothing. */
  readonly access: "read" | "change";
  /** Milliseconds since the epoch, as `expires`. */
  readonly created: number;
  readonly expires: number;
}

/** A token, read and not yet verified. */
export interface Token {
  readonly grant: Grant;
  /** The signed bytes. */
  readonly body: Uint8Array;
  readonly signature: SshSignature;
}

export const maxGrantDays = 366;
const dayMs = 24 * 60 * 60_000;
const maxTokenLength = 16_000;

const right: Reader<Grant["actions"][number]> = (value, name) => {
  const known = grantRights.find((one) => one === value);
  if (known !== undefined) return known;
  throw badToken(`${name}: a token cannot carry ${plainText(JSON.stringify(value)).slice(0, 40)}`);
};

const shape = {
  server: text(/^[0-9a-f]{16}$/),
  id: text(/^[0-9a-f]{16}$/),
  name: text(/^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$/),
  services: list(text(/^[a-z0-9.*-]{1,50}$/)),
  actions: list(right),
  access: text(/^(?:read|change)$/) as Reader<Grant["access"]>,
  created: wholeNumber,
  expires: wholeNumber,
};

/** The bytes that the maker signs. */
export const grantBytes = (grant: Grant): Uint8Array => Buffer.from(JSON.stringify(grant));

/** The token of a signed grant: letters, digits, `-`, `_` and one dot, so that it may stand wherever a password does. */
export const formatToken = (body: Uint8Array, signature: Uint8Array): string =>
  `mpg_${Buffer.from(body).toString("base64url")}.${Buffer.from(signature).toString("base64url")}`;

/** Reads a token without verifying it. Throws UserError "bad-token", whose message never shows the token. */
export function readToken(token: string): Token {
  const [, body64, signature64] = /^mpg_([\w-]+)\.([\w-]+)$/.exec(token) ?? [];
  if (body64 === undefined || signature64 === undefined || token.length > maxTokenLength)
    throw badToken("not one that mypaas made");
  const body = Buffer.from(body64, "base64url");
  try {
    const signature = readSshSignature(Buffer.from(signature64, "base64url"));
    return { grant: readGrant(body.toString("utf8")), body, signature };
  } catch (error) {
    if (error instanceof SshFormatError) throw damaged();
    throw error;
  }
}

function readGrant(json: string): Grant {
  const fields = jsonFields(json);
  if (fields === undefined) throw damaged();
  if (fields["v"] !== 1) throw badToken("of a version that is not known here");
  return allKnown(fields, { v: 1, ...readFields(fields, shape) }, "token.");
}

export interface UnverifiedToken {
  readonly token: string;
  readonly keys: readonly EnrolledKey[];
  /** Id of this server. */
  readonly server: string;
  readonly now: number;
}

/** An enrolled key that acts within a grant which it signed. */
export type GrantedKey = EnrolledKey & { readonly grant: Grant };

/** Verifies a token: signed by a key that is enrolled now, for this server, not ended. Whether it was revoked is for the caller to see. Throws UserError "bad-token", "bad-signature", "unknown-key" or "expired-key". */
export function verifyToken({ token, keys, server, now }: UnverifiedToken): GrantedKey {
  const { grant, body, signature } = readToken(token);
  const { name } = grant;
  const signer = fingerprint(signature.publicKey);
  const key = keys.find((candidate) => candidate.fingerprint === signer);
  if (key === undefined)
    throw new UserError(`token ${name}: the key that made it, ${signer}, is not enrolled here`, {
      code: "unknown-key",
      hint: anotherToken,
    });
  if (!isSignedBy(signature, grantNamespace, body))
    throw new UserError("token: its signature does not fit what it says", {
      code: "bad-signature",
      hint: anotherToken,
    });
  if (grant.server !== server)
    throw badToken(`made for server ${grant.server}, this is ${server}`, name);
  if (now >= grant.expires)
    throw badToken(`ended on ${new Date(grant.expires).toISOString()}`, name);
  // A clock that was wrong once, or a maker that wants more than there is.
  if (grant.expires - now > (maxGrantDays + 1) * dayMs)
    throw badToken(`lasts longer than ${maxGrantDays} days`, name);
  const { expires } = key.options;
  if (expires !== undefined && now >= expires)
    throw new UserError(
      `token ${name}: the key that made it expired on ${new Date(expires).toISOString()}`,
      { code: "expired-key", hint: anotherToken },
    );
  return { ...key, grant };
}

/** The error of a token that was revoked. */
export const revokedToken = ({ name }: Grant): UserError => badToken("was revoked", name);

const damaged = (): UserError => badToken("damaged, or cut off where it was copied");

const anotherToken = hint`make another: ${command("token create")}`;

function badToken(problem: string, name?: string): UserError {
  const which = name === undefined ? "token" : `token ${name}`;
  return new UserError(`${which}: ${problem}`, { code: "bad-token", hint: anotherToken });
}
