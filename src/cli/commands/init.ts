import { InvalidArgumentError } from "commander";
import { UserError } from "../../core/errors.ts";
import type { CommandFile, CommandIo, ExitCode } from "../command.ts";
import type { InitOptions } from "../init/options.ts";

export const declaration: CommandFile = {
  options: [
    ["--domain <host>", "the server's own name"],
    ["--host <host>", "name or address to print for laptops when there is no domain"],
    ["--key <file...>", "public keys that may push (default: your authorized_keys)"],
    ["--state <dir>", "where everything is kept (default: /var/lib/mypaas)"],
    ["--run-dir <dir>", "where the sockets are (default: /run/mypaas)"],
    ["--instance <name>", "name of this instance on its Docker Engine (default: mypaas)"],
    ["--http-port <port>", "port for http (default: 80)", wholeNumber],
    ["--https-port <port>", "port for https (default: 443)", wholeNumber],
    ["--bind <address...>", "addresses to listen on (default: 0.0.0.0 and ::, so IPv4 and IPv6)"],
    [
      "--trust-proxy <range...>",
      "proxies that may say who the client is: cloudflare, ranges; or none",
    ],
    [
      "--urls <kept|cleaned>",
      "paths with // and queries with ;: kept for services (default), or cleaned",
    ],
    ["--git", "take git push over ssh, for machines without mypaas"],
    ["--no-git", "take it no more"],
    ["--registry", "open /v2/ on the domain, so that docker push deploys"],
    ["--no-registry", "close it again"],
    ["--api", "answer the REST API at /api/v1/ on the domain"],
    ["--no-api", "answer it only at /.well-known/mypaas/v1/api/"],
    ["--no-systemd", "install no units; you start `mypaas worker` yourself"],
    ["--traefik-image <ref>", "the image to run as Traefik"],
    ["--traefik-binary <path>", "make that image from an official binary, without a registry"],
    "Certificates:",
    ["--email <address>", "your address for the CA; turns on certificates by ACME"],
    ["--acme-server <url>", "the CA: letsencrypt (default), or a URL"],
    ["--acme-staging", "short for --acme-server letsencrypt-staging"],
    ["--acme-ca <file>", "PEM file of the CA that signs that server's https; or none"],
    ["--acme-lifetime <duration>", "how long that CA's certificates last (default: 90d)"],
    ["--dns-provider <name>", "DNS provider for DNS-01, which wildcards need; or none"],
    ["--dns-env <file>", "settings of the DNS provider, in lines NAME=VALUE"],
    ["--resolver <ip...>", "DNS servers for checks before each request (default: public)"],
    ["--address <ip...>", "public addresses of a server behind a NAT; or none"],
  ],
  examples: [
    "sudo mypaas init",
    "sudo mypaas init --domain paas.example.com --email me@example.com",
  ],
  run: init,
};

const engineSocket = "/var/run/docker.sock";

/** Makes this machine a server, or repairs and upgrades one: first everything is checked, then every step is done or found done. */
export async function init(options: InitOptions, io: CommandIo): Promise<ExitCode> {
  const { world } = io;
  const { checkOptions, stateDirOf, wantedConfig } = await import("../init/options.ts");
  checkOptions(options);
  const stateDir = stateDirOf(options, world.cwd);
  const { hasIPv6 } = await import("../../adapters/host/host-facts.ts");
  const before = await configBefore(stateDir);
  const config = wantedConfig(options, {
    stateDir,
    before,
    server: world.random(8).toString("hex"),
    owner: await callingUser(io),
    cwd: world.cwd,
    hasIPv6: await hasIPv6(),
  });
  const { chooseKeys } = await import("../init/keys.ts");
  const keys = await chooseKeys(options.key, config, world);
  const { readAcmeFiles } = await import("../init/acme-files.ts");
  const acmeFiles = await readAcmeFiles(options, config, io);
  const { missing, missingError } = await import("../init/checks.ts");
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

/** Without root the file may be unreadable; that is reported with the other missing things. */
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

function wholeNumber(text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw new InvalidArgumentError("should be a whole number.");
}
