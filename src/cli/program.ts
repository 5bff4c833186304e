import { Command, CommanderError, Option } from "commander";
import { defaultInstance, defaultRunDir, defaultStateDir } from "../core/instance.ts";
import type { World } from "../core/world.ts";
import type { CommandIo, ExitCode } from "./io.ts";
import { readVersion } from "./main.ts";

/** All commands on one page; each body is imported only when it runs. */
export async function runProgram(
  world: World,
  makeIo: () => Promise<CommandIo>,
): Promise<ExitCode> {
  let code: ExitCode = 0;
  const run = async (body: (io: CommandIo) => Promise<ExitCode>) => {
    code = await body(await makeIo());
  };
  const program = frame(world);
  const command = (nameAndArgs: string, summary: string) =>
    inherit(program.command(nameAndArgs), program).description(summary);
  const remote = () =>
    new Option("-r, --remote <name>", "the server to talk to; without it, this host's own worker");
  const key = () => new Option("--key <file>", "the SSH key that signs");

  command("init", "turn this server into a PaaS, or repair and upgrade one")
    .option("--domain <host>", "the server's own name")
    .option("--host <host>", "name or address in the line for laptops, when there is no domain")
    .option("--email <address>", "for certificates by ACME")
    .option("--key <file...>", "public keys that may push (default: your authorized_keys)")
    .option("--state <dir>", "where everything is kept", defaultStateDir)
    .option("--run-dir <dir>", "where the sockets are", defaultRunDir)
    .option("--instance <name>", "to keep several apart on one Docker", defaultInstance)
    .option("--http-port <port>", "port for http", parsePort, 80)
    .option("--https-port <port>", "port for https", parsePort, 443)
    .option("--bind <address>", "address to listen on", "0.0.0.0")
    .option("--no-systemd", "install no units; you start `mypaas worker` yourself")
    .option("--traefik-image <ref>", "image to run as Traefik")
    .option(
      "--traefik-binary <path>",
      "make that image from an official binary (no registry needed)",
    )
    .action((options) => run(async (io) => (await import("./commands/init.ts")).init(options, io)));

  command("push [remote] [path]", "send a service to a server and make it live")
    .option("--context <dir>", "the files to send (default: here, or beside the Dockerfile)")
    .addOption(remote())
    .addOption(key())
    .option("--pull", "look for newer base images", false)
    .option("--no-cache", "build every step again")
    .action((first, path, options) =>
      run(async (io) => (await import("./commands/push.ts")).push({ ...options, first, path }, io)),
    );

  command("deploy [path]", "on the server: make a service live from files here")
    .option("--context <dir>", "the files to use (default: here, or beside the Dockerfile)")
    .option("--run-dir <dir>", "where the worker's socket is", defaultRunDir)
    .option("--pull", "look for newer base images", false)
    .option("--no-cache", "build every step again")
    .action((path, options) =>
      run(async (io) => (await import("./commands/deploy.ts")).deploy({ ...options, path }, io)),
    );

  command("check [path]", "check the mypaas comments of a Dockerfile, offline").action((path) =>
    run(async (io) => (await import("./commands/check.ts")).check({ path }, io)),
  );

  return finish(program, world, () => code);
}

function frame(world: World): Command {
  return new Command("mypaas")
    .description("Turns your own server into a PaaS.")
    .exitOverride()
    .configureOutput({
      writeOut: world.stdout.write,
      writeErr: world.stderr.write,
      getOutHelpWidth: () => Math.min(world.stdout.columns, 100),
    })
    .option("--json", "events and answers as JSON lines on stdout")
    .option("-V, --version", "print the version");
}

const inherit = (command: Command, parent: Command): Command =>
  command
    .copyInheritedSettings(parent)
    .option("--json", "events and answers as JSON lines on stdout");

async function finish(program: Command, world: World, code: () => ExitCode): Promise<ExitCode> {
  try {
    await program.parseAsync(world.args, { from: "user" });
    return code();
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    throw error;
  }
}

function parsePort(text: string): number {
  return Number(text);
}
void readVersion;
