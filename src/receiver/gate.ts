import { UserError } from "../core/errors.ts";
import type { EnrolledKey } from "../core/authorized-keys.ts";
import { authenticate } from "../core/authenticate.ts";
import { fingerprint } from "../core/public-key.ts";
import { SshFormatError } from "../core/ssh-wire.ts";
import { readSshSignature } from "../core/sshsig.ts";
import type { Request } from "../core/wire.ts";

/** Keeps out whoever the worker would refuse anyway; the worker checks all of it again. */
export interface Gate {
  /** Refuses a key that is not enrolled before anything else is read. */
  readonly admit: (signature: Uint8Array) => Promise<void>;
  readonly check: (body: Uint8Array, signature: Uint8Array | undefined) => Promise<Request>;
}

export interface GateOptions {
  readonly keys: () => Promise<readonly EnrolledKey[]>;
  readonly server: string;
  readonly now: () => number;
}

/** Signatures that name an enrolled key and do not fit, per minute; only such ones cost more than a look at the list. */
const maxFailuresPerMinute = 60;

/** Opens the gate of one server. */
export function createGate({ keys, server, now }: GateOptions): Gate {
  let minute = 0;
  let failures = 0;

  function refuseFlood(): void {
    const current = Math.floor(now() / 60_000);
    if (current !== minute) failures = 0;
    minute = current;
    if (failures >= maxFailuresPerMinute)
      throw new UserError("signature: too many have failed in the last minute", {
        code: "too-many",
        hint: "try again in a minute: mypaas push",
      });
  }

  return {
    admit: async (signature) => {
      refuseFlood();
      const signer = signerOf(signature);
      if ((await keys()).some((key) => key.fingerprint === signer)) return;
      throw new UserError(`key ${signer}: not enrolled on this server`, {
        code: "unknown-key",
        hint: "enrol it on the server: mypaas key add, or choose another with --key",
      });
    },
    check: async (body, signature) => {
      if (!signature)
        throw new UserError("request: carries no signature", { code: "unauthorized" });
      try {
        return authenticate({ body, signature, keys: await keys(), server, now: now() }).request;
      } catch (error) {
        if (error instanceof UserError && error.code === "bad-signature") failures += 1;
        throw error;
      }
    },
  };
}

function signerOf(signature: Uint8Array): string {
  try {
    return fingerprint(readSshSignature(signature).publicKey);
  } catch (error) {
    if (!(error instanceof SshFormatError)) throw error;
    throw new UserError(`signature: ${error.message}`, { code: "bad-signature", cause: error });
  }
}
