import { command, hint, hintFields } from "../../core/hints.ts";
import { readDirectory } from "../../adapters/certificates/acme-directory.ts";
import { acmeOf } from "../../core/server/acme.ts";
import type { InstanceConfig } from "../../core/server/instance.ts";
import type { CommandIo } from "../command.ts";
import type { InitOptions } from "./options.ts";

interface Choice {
  readonly options: InitOptions;
  readonly before: InstanceConfig | undefined;
  readonly config: InstanceConfig;
  /** PEM by which its https is trusted. */
  readonly ca: string | undefined;
}

/** Says what another CA means for the hosts that there are, and that one which was just named cannot be reached; neither keeps init from going on. */
export async function sayOfCa(
  { options, before, config, ca }: Choice,
  { say }: Pick<CommandIo, "say">,
): Promise<void> {
  if (config.email === undefined) return;
  const { server } = acmeOf(config);
  const { host } = new URL(server);
  const old = before?.email === undefined ? server : acmeOf(before).server;
  if (old !== server)
    say({
      kind: "warning",
      text: `certificates of ${new URL(old).host} are kept but no longer served; mypaas requests new ones from ${host}`,
      ...hintFields(hint`to use them again: ${command(`init --acme-server ${old}`)}`),
    });
  const { acmeServer, acmeStaging, acmeCa, email } = options;
  if ((acmeServer ?? acmeStaging ?? acmeCa ?? email) === undefined) return;
  await readDirectory(server, ca).catch((error: unknown) =>
    say({
      kind: "warning",
      text: `the CA ${host} cannot be reached: ${error instanceof Error ? error.message : String(error)}`,
      ...hintFields(
        hint`services run without certificates until then; see their state: ${command("cert")}`,
      ),
    }),
  );
}
