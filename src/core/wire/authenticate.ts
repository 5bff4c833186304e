import type { EnrolledKey } from "../ssh/authorized-keys.ts";
import { UserError } from "../errors.ts";
import { refuseExpired } from "./permissions.ts";
import { fingerprint } from "../ssh/public-key.ts";
import { parseRequest } from "./request.ts";
import { SshFormatError } from "../ssh/wire-format.ts";
import { isSignedBy, readSshSignature, type SshSignature } from "../ssh/sshsig.ts";
import { clockToleranceMs, signatureNamespace, type Request } from "./protocol.ts";
import { command, hint, onServer } from "../hints.ts";

export interface Unauthenticated {
  /** The exact bytes that arrived. */
  readonly body: Uint8Array;
  /** The SSHSIG blob. */
  readonly signature: Uint8Array;
  readonly keys: readonly EnrolledKey[];
  /** Id of this server. */
  readonly server: string;
  readonly now: number;
}

/** Finds the key that signed a request and checks the signature before it reads the request; throws UserError with one of the codes unknown-key, bad-signature, expired-key, wrong-server, clock, bad-request. */
export function authenticate(input: Unauthenticated): {
  readonly request: Request;
  readonly key: EnrolledKey;
} {
  const parts = readSignature(input.signature);
  const signer = fingerprint(parts.publicKey);
  const key = input.keys.find((candidate) => candidate.fingerprint === signer);
  if (!key)
    throw new UserError(`key ${signer}: not enrolled on this server`, {
      code: "unknown-key",
      hint: hint`enrol it on the server: ${onServer("key add")}, or choose another with --key`,
    });
  if (!isSignedBy(parts, signatureNamespace, input.body))
    throw new UserError("signature: does not fit the request", { code: "bad-signature" });
  refuseExpired(key, input.now);
  const request = parseRequest(input.body);
  if (request.server !== input.server)
    throw new UserError(`request: made for server ${request.server}, this is ${input.server}`, {
      code: "wrong-server",
      hint: hint`take the line that ${command("init")} printed on this server: ${command("remote add")}`,
    });
  checkClock(request.created, input.now);
  return { request, key };
}

function readSignature(blob: Uint8Array): SshSignature {
  try {
    return readSshSignature(blob);
  } catch (error) {
    if (!(error instanceof SshFormatError)) throw error;
    throw new UserError(`signature: ${error.message}`, { code: "bad-signature", cause: error });
  }
}

function checkClock(created: number, now: number): void {
  const off = Math.round((created - now) / 1000);
  if (Math.abs(off) * 1000 <= clockToleranceMs) return;
  const iso = (time: number) => new Date(time).toISOString();
  const side = off > 0 ? "ahead of" : "behind";
  throw new UserError(
    `clock: the request was made ${Math.abs(off)} s ${side} this server's clock (${iso(now)})`,
    { code: "clock", hint: "set the clock on both sides: timedatectl set-ntp true" },
  );
}
