import { command, hint, hintFields } from "../../core/hints.ts";
import { isBrokenStorage } from "../../core/certificates/acme/storage.ts";
import type { Trouble } from "../../core/certificates/record.ts";
import { acmeStore } from "../../core/server/acme.ts";
import type { InstanceConfig } from "../../core/server/instance.ts";
import { readIfThere } from "../../adapters/files.ts";

/** The problem of Traefik's certificate store, which would lose certificates; undefined when it is fine. */
export async function storeProblem(config: InstanceConfig): Promise<Trouble | undefined> {
  const file = acmeStore(config);
  const text = (await readIfThere(file))?.toString("utf8");
  if (text === undefined || !isBrokenStorage(text)) return undefined;
  return {
    about: "certificate store",
    reason: `${file}: cannot be read, perhaps after a full disk; Traefik loses all certificates at its next start`,
    ...hintFields(hint`free disk space, then reset it, on the server: sudo ${command("init")}`),
  };
}
