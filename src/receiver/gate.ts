import { UserError } from "../core/errors.ts";
import type { EnrolledKey } from "../core/ssh/authorized-keys.ts";
import { authenticate } from "../core/wire/authenticate.ts";
import { fingerprint } from "../core/ssh/public-key.ts";
import { SshFormatError } from "../core/ssh/wire-format.ts";
import { readSshSignature } from "../core/ssh/sshsig.ts";
import type { Request } from "../core/wire/protocol.ts";
import { command, hint, onServer } from "../core/hints.ts";

/** Refuses requests that the worker would refuse; the worker checks them again. */
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

/** Limit of wrong signatures for one enrolled key; only these cost more than a look at the list. Counted per key, because anybody who knows a public key could else lock out the others. */
const maxFailuresPerMinute = 60;

/** Opens the gate of one server. */
export function createGate({ keys, server, now }: GateOptions): Gate {
  let minute = 0;
  /** By fingerprint, of enrolled keys only. */
  const failures = new Map<string, number>();

  function refuseFlood(signer: string): void {
    const current = Math.floor(now() / 60_000);
    if (current !== minute) failures.clear();
    minute = current;
    if ((failures.get(signer) ?? 0) >= maxFailuresPerMinute)
      throw new UserError("signature: too many have failed in the last minute", {
        code: "too-many",
        hint: hint`try again in a minute: ${command("push")}`,
      });
  }

  return {
    admit: async (signature) => {
      const signer = signerOf(signature);
      refuseFlood(signer);
      if ((await keys()).some((key) => key.fingerprint === signer)) return;
      throw new UserError(`key ${signer}: not enrolled on this server`, {
        code: "unknown-key",
        hint: hint`enrol it on the server: ${onServer("key add")}, or choose another with --key`,
      });
    },
    check: async (body, signature) => {
      if (!signature)
        throw new UserError("request: carries no signature", { code: "unauthorized" });
      try {
        return authenticate({ body, signature, keys: await keys(), server, now: now() }).request;
      } catch (error) {
        if (error instanceof UserError && error.code === "bad-signature") {
          const signer = signerOf(signature);
          failures.set(signer, (failures.get(signer) ?? 0) + 1);
        }
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
