import { createHash } from "node:crypto";
import { keepNewest } from "../../core/newest.ts";
import { UserError } from "../../core/errors.ts";
import { command, hint } from "../../core/hints.ts";
import type { ImageDoor } from "../../core/registry/door.ts";
import { createTokenCheck, type TokenCheckOptions } from "../token-check.ts";

/** Lets those in whose token the worker would take; the worker verifies it again at each deploy. */
export interface TokenGate {
  /** The token of a request; throws UserError when it shows none, or one that may not push to that repository. */
  readonly admit: (header: string | undefined, repository: string | undefined) => Promise<string>;
}

export interface TokenGateOptions extends TokenCheckOptions {
  readonly check: ImageDoor["check"];
}

/** For so long the worker is not asked again; a revoked token can upload meanwhile, and deploy nothing. */
const knownMs = 15_000;
const maxKnown = 256;

/** Opens the gate. */
export function createTokenGate({ keys, server, now, check }: TokenGateOptions): TokenGate {
  /** Until when what was asked of a token need not be asked again; by hash, because a token is a secret. */
  const known = new Map<string, number>();
  const verify = createTokenCheck({ keys, server, now });

  return {
    admit: async (header, repository) => {
      const token = passwordIn(header);
      const asked = createHash("sha256")
        .update(`${repository ?? ""} ${token}`)
        .digest("hex");
      if ((known.get(asked) ?? 0) > now()) return token;
      await verify(token);
      await check(token, repository);
      known.set(asked, now() + knownMs);
      keepNewest(known, maxKnown);
      return token;
    },
  };
}

/** The password of basic authentication; the name before it may be any. */
function passwordIn(header: string | undefined): string {
  const basic = /^Basic ([A-Za-z0-9+/]{1,24000}={0,2})$/i.exec(header ?? "")?.[1];
  const [, password] =
    /^[^:]*:(.+)$/s.exec(Buffer.from(basic ?? "", "base64").toString("utf8")) ?? [];
  if (password !== undefined) return password;
  throw new UserError("this server takes images from those who have a token", {
    code: "unauthorized",
    hint: hint`make one where you push from: ${command("token create --services NAME")}, then: docker login -u token`,
  });
}
