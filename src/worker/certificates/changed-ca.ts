import { createHash } from "node:crypto";
import { withOtherCa } from "../../core/certificates/record.ts";
import { acmeOf } from "../../core/server/acme.ts";
import { putHostRecord, readHostRecords } from "../../adapters/state/certificates.ts";
import { readMeta, writeMeta } from "../../adapters/state/meta.ts";
import type { CertificateParts } from "./ports.ts";

const key = "acme";

/** Resets the records of all hosts when init has named another CA, email address or DNS provider. */
export function forgetOtherCa({ state, config, clock }: CertificateParts): void {
  const { email, resolvers, addresses } = config;
  const settings = JSON.stringify({ ...acmeOf(config), email, resolvers, addresses });
  const digest = createHash("sha256").update(settings).digest("hex");
  if (readMeta(state, key) === digest) return;
  state.transaction(() => {
    for (const record of readHostRecords(state))
      putHostRecord(state, withOtherCa(record, clock.now()));
    writeMeta(state, key, digest);
  });
}
