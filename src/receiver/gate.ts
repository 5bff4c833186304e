import { UserError } from "../core/errors.ts";
import type { EnrolledKey } from "../core/ssh/authorized-keys.ts";
import { authenticate } from "../core/wire/authenticate.ts";
import { fingerprint } from "../core/ssh/public-key.ts";
import { SshFormatError } from "../core/ssh/wire-format.ts";
import { readSshSignature } from "../core/ssh/sshsig.ts";
import type { Request } from "../core/wire/protocol.ts";
import { command, hint, onServer } from "../core/hints.ts";
import { countFailures } from "./failures.ts";

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

/** Opens the gate of one server. */
export function createGate({ keys, server, now }: GateOptions): Gate {
  const again = hint`try again in a minute: ${command("push")}`;
  const failures = countFailures({ now, what: "signature", hint: again });
  return {
    admit: async (signature) => {
      const signer = signerOf(signature);
      failures.refuse(signer);
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
        if (error instanceof UserError && error.code === "bad-signature")
          failures.add(signerOf(signature));
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
