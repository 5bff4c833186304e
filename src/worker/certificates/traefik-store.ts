import { isBrokenStorage } from "../../core/certificates/acme/storage.ts";
import type { Trouble } from "../../core/certificates/record.ts";
import { acmeStore } from "../../core/server/acme.ts";
import type { InstanceConfig } from "../../core/server/instance.ts";
import { readIfThere } from "../../adapters/files.ts";
import { command, hint, hintText } from "../../core/hints.ts";

/** Why Traefik could keep no certificate, or none that it has over its next start; undefined when its store is fine. */
export async function storeTrouble(config: InstanceConfig): Promise<Trouble | undefined> {
  const file = acmeStore(config);
  const text = (await readIfThere(file))?.toString("utf8");
  if (text === undefined || !isBrokenStorage(text)) return undefined;
  return {
    about: "certificate store",
    reason: `${file}: cannot be read, as after a disk that was full, so Traefik loses all certificates at its next start and asks for none`,
    hint: hintText(hint`make room, then let it begin anew, on the server: sudo ${command("init")}`),
  };
}
