import { UserError } from "../../core/errors.ts";
import type { CommandIo, ExitCode } from "../io.ts";
import { missing, missingError } from "../init/checks.ts";
import { checkOptions, stateDirOf, wantedConfig, type InitOptions } from "../init/options.ts";

const engineSocket = "/var/run/docker.sock";

/** Makes this machine a server, or repairs and upgrades one: first everything is checked, then every step is done or found done. */
export async function init(options: InitOptions, io: CommandIo): Promise<ExitCode> {
  const { world } = io;
  checkOptions(options);
  const stateDir = stateDirOf(options, world.cwd);
  const before = await configBefore(stateDir);
  const config = wantedConfig(options, {
    stateDir,
    before,
    server: world.random(8).toString("hex"),
    owner: await callingUser(io),
    cwd: world.cwd,
  });
  const { chooseKeys } = await import("../init/keys.ts");
  const keys = await chooseKeys(options.key, config, world);
  const { readAcmeFiles } = await import("../init/acme-files.ts");
  const acmeFiles = await readAcmeFiles(options, config, io);
  const { gatherFacts } = await import("../init/facts.ts");
  const needsSystemd = options.systemd ?? true;
  const facts = { world, config, engineSocket, needsSystemd, noKey: keys.none };
  const found = missing(await gatherFacts(facts));
  if (found.length > 0) throw missingError(found);
  const { sayOfCa } = await import("../init/certificate-authority.ts");
  await sayOfCa({ options, before, config, ca: acmeFiles.ca }, io);
  const { install } = await import("../init/install.ts");
  await install({ options, io, config, acmeFiles, keys, engineSocket, needsSystemd });
  return 0;
}

/** Who is not root may not read the file, which is one of the things that are said together. */
async function configBefore(stateDir: string) {
  const { findInstanceConfig } = await import("../../adapters/host/instance-config.ts");
  const { codeOf } = await import("../../adapters/files.ts");
  try {
    return await findInstanceConfig(stateDir);
  } catch (error) {
    if (error instanceof UserError || codeOf(error) !== "EACCES") throw error;
    return undefined;
  }
}

/** The person behind sudo, whose home takes `~/…` volumes and whose keys are enrolled. */
async function callingUser({ world }: CommandIo) {
  const { findAccount } = await import("../../adapters/host/host-facts.ts");
  const sudo = world.env["SUDO_USER"];
  const account = await findAccount(sudo === undefined || world.uid !== 0 ? world.uid : sudo);
  return account ?? { name: "root", home: world.home };
}
