import { RegistryRefusal } from "../../core/registry/refusal.ts";
import type { Clock } from "../../deploy/ports.ts";
import type { Repository } from "./repositories.ts";

/** One request to a repository, let in with its token. */
export interface Asked {
  readonly request: Request;
  readonly url: URL;
  readonly token: string;
  readonly name: string;
  readonly repository: Repository;
  readonly clock: Clock;
}

export const onlySha256 = (): RegistryRefusal =>
  new RegistryRefusal("digest: only sha256 is taken", { status: 400, code: "DIGEST_INVALID" });

export const notAllowed = (method: string): RegistryRefusal =>
  new RegistryRefusal(`${method}: this server only takes images in`, {
    status: 405,
    code: "UNSUPPORTED",
  });
