import { Command, CommanderError, InvalidArgumentError } from "commander";
import { defaultStateDir } from "../core/server/instance.ts";
import type { FailedEvent } from "../core/wire/events.ts";
import type { World } from "../core/world.ts";
import { firstSteps } from "./first-steps.ts";
import type { CommandIo, ExitCode } from "./io.ts";
import { build, client, examples, withJson } from "./shared-options.ts";

/** What this program can be besides a command line; `bin/` knows how, because no floor of ours may import its neighbour. */
export interface Roles {
  /** Resolves when it was told to stop. */
  readonly worker: (options: { readonly stateDir: string }, io: CommandIo) => Promise<void>;
}

/** All commands on one page; each body is imported only when it runs. */
export async function runProgram(
  world: World,
  roles: Roles,
  makeIo: () => Promise<CommandIo>,
): Promise<ExitCode> {
  let code: ExitCode = 0;
  const run = async (body: (io: CommandIo) => ExitCode | Promise<ExitCode>) => {
    code = await body(await makeIo());
  };
  const program = frame(world);
  const command = (syntax: string, summary: string, parent = program) => {
    const path = `${parent.name()} ${syntax.split(" ")[0]}`.replace(/^(?!mypaas )/, "mypaas ");
    const made = withJson(parent.command(syntax).description(summary));
    return made.showHelpAfterError(`hint: see how it is used: ${path} --help`);
  };

  command("init", "turn this server into a PaaS, or repair and upgrade one")
    .option("--domain <host>", "the server's own name")
    .option("--host <host>", "name or address to print for laptops when there is no domain")
    .option("--email <address>", "for certificates by ACME")
    .option("--key <file...>", "public keys that may push (default: your authorized_keys)")
    .option("--state <dir>", "where everything is kept (default: /var/lib/mypaas)")
    .option("--run-dir <dir>", "where the sockets are (default: /run/mypaas)")
    .option("--instance <name>", "to keep several apart on one Docker (default: mypaas)")
    .option("--http-port <port>", "port for http (default: 80)", wholeNumber)
    .option("--https-port <port>", "port for https (default: 443)", wholeNumber)
    .option("--bind <address>", "address to listen on (default: 0.0.0.0)")
    .option("--no-systemd", "install no units; you start `mypaas worker` yourself")
    .option("--traefik-image <ref>", "the image to run as Traefik")
    .option(
      "--traefik-binary <path>",
      "make that image from an official binary, without a registry",
    )
    .addHelpText(
      "after",
      examples("sudo mypaas init", "sudo mypaas init --domain paas.example.com"),
    )
    .action((options) => run(async (io) => (await import("./commands/init.ts")).init(options, io)));

  const push = command("push [remote] [path]", "send a service to a server and make it live");
  client(build(push), "the server to push to; without it the first of mypaas remote list")
    .addHelpText("after", examples("mypaas push", "mypaas push prod services/web/Dockerfile"))
    .action((first, path, options) =>
      run(async (io) => (await import("./commands/push.ts")).push({ ...options, first, path }, io)),
    );

  build(command("deploy [path]", "on the server itself: make a service live from files here"))
    .option("--run-dir <dir>", "where the worker's socket is (default: /run/mypaas)")
    .addHelpText("after", examples("sudo mypaas deploy", "sudo mypaas deploy web/Dockerfile"))
    .action((path, options) =>
      run(async (io) => (await import("./commands/deploy.ts")).deploy({ ...options, path }, io)),
    );

  client(build(command("plan [path]", "what a push would change, and whether requests would wait")))
    .addHelpText("after", examples("mypaas plan", "mypaas plan web/Dockerfile -r prod"))
    .action((path, options) =>
      run(async (io) => (await import("./commands/plan.ts")).plan({ ...options, path }, io)),
    );

  client(command("releases [service]", "what ran, and what one can go back to"))
    .addHelpText("after", examples("mypaas releases -r prod", "mypaas releases web -r prod"))
    .action((service, options) =>
      run(async (io) =>
        (await import("./commands/releases.ts")).releases({ ...options, service }, io),
      ),
    );

  client(command("rollback <service> [release]", "go back to an earlier release, without a build"))
    .addHelpText("after", examples("mypaas rollback web -r prod", "mypaas rollback web 41 -r prod"))
    .action((service, release, options) =>
      run(async (io) =>
        (await import("./commands/rollback.ts")).rollback({ ...options, service, release }, io),
      ),
    );

  client(command("cancel <service>", "end a deploy that is not live yet; what ran before runs on"))
    .addHelpText("after", examples("mypaas cancel web", "mypaas cancel web -r prod"))
    .action((service, options) =>
      run(async (io) => (await import("./commands/cancel.ts")).cancel({ ...options, service }, io)),
    );

  command("check [path]", "check the mypaas comments of a Dockerfile, offline")
    .addHelpText("after", examples("mypaas check", "mypaas check web/Dockerfile"))
    .action((path) => run(async (io) => (await import("./commands/check.ts")).check({ path }, io)));

  client(
    command("env <service> [words...]", "list, set or unset what a service gets as environment"),
  )
    .addHelpText(
      "after",
      examples(
        "mypaas env web set DATABASE_URL=…",
        "mypaas env web unset DATABASE_URL",
        "mypaas env web -r prod",
      ),
    )
    .action((service, words, options) =>
      run(async (io) =>
        (await import("./commands/env.ts")).env({ ...options, service, words }, io),
      ),
    );

  const remote = command("remote", "the servers that this machine knows: add, list, remove");
  remote.helpCommand(false);
  command("add <name> <line>", "know a server by the line that mypaas init printed", remote)
    .addHelpText("after", examples("mypaas remote add prod 'https://paas.example.com#srv=…&pin=…'"))
    .action((name, url) =>
      run(async (io) => (await import("./commands/remote.ts")).remoteAdd({ name, url }, io)),
    );
  command("list", "show them, the default first", remote).action(() =>
    run(async (io) => (await import("./commands/remote.ts")).remoteList({}, io)),
  );
  command("remove <name>", "forget one", remote).action((name) =>
    run(async (io) => (await import("./commands/remote.ts")).remoteRemove({ name }, io)),
  );

  const key = command("key", "who may push to a server: add, list, remove").helpCommand(false);
  client(command("add <words...>", "enrol a public key: a file or the line itself", key))
    .option("--services <names>", "only these, such as blog,api-*")
    .option("--actions <names>", "only these, such as push,env")
    .option("--expires <date>", "refused from that day on, such as 2027-01-31")
    .option("--no-volumes", "may push no service that has volumes")
    .addHelpText("after", examples("mypaas key add ci.pub --services blog --expires 2027-01-31"))
    .action((words, { volumes, ...options }: { volumes: boolean }) =>
      run(async (io) => {
        const { keyAdd } = await import("./commands/key.ts");
        return keyAdd({ ...options, words, noVolumes: !volumes }, io);
      }),
    );
  client(command("list", "show the enrolled keys", key)).action((options) =>
    run(async (io) => (await import("./commands/key.ts")).keyList(options, io)),
  );
  client(command("remove <fingerprint>", "refuse a key from now on", key)).action(
    (fingerprint, options) =>
      run(async (io) =>
        (await import("./commands/key.ts")).keyRemove({ ...options, fingerprint }, io),
      ),
  );

  command("help [topic...]", "help for a command, or `help keys`: all keys of a Dockerfile").action(
    (topic: readonly string[]) =>
      topic[0] === "keys" && topic.length === 1
        ? run(async (io) => (await import("./commands/help-keys.ts")).helpKeys(io))
        : showHelp(program, topic),
  );

  program
    .command("worker", { hidden: true })
    .description("the server's own process; systemd starts it")
    .option("--state <dir>", "the state of its instance (default: /var/lib/mypaas)")
    .action((options: { readonly state?: string }) =>
      run(async (io) => {
        await roles.worker({ stateDir: options.state ?? defaultStateDir }, io);
        return 0 as const;
      }),
    );

  return finish(program, world, makeIo, () => code);
}

function frame(world: World): Command {
  return withJson(new Command("mypaas"))
    .description("Turns your own server into a PaaS.")
    .exitOverride()
    .helpCommand(false)
    .enablePositionalOptions()
    .showSuggestionAfterError()
    .configureOutput({
      writeOut: world.stdout.write,
      writeErr: world.stderr.write,
      getOutHelpWidth: () => Math.min(world.stdout.columns, 100),
    })
    .option("-V, --version", "print the version");
}

function showHelp(program: Command, topic: readonly string[]): void {
  let found = program;
  for (const word of topic) {
    const next = found.commands.find((command) => command.name() === word);
    if (!next) program.error(`error: unknown command '${topic.join(" ")}'`);
    found = next;
  }
  found.outputHelp();
}

async function finish(
  program: Command,
  world: World,
  makeIo: () => Promise<CommandIo>,
  code: () => ExitCode,
): Promise<ExitCode> {
  if (world.args.length === 0) {
    world.stdout.write(firstSteps);
    return 0;
  }
  try {
    await program.parseAsync(world.args, { from: "user" });
    return code();
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return 0;
    // People have read it on stderr already.
    if (world.args.includes("--json") && !error.code.startsWith("commander.help"))
      (await makeIo()).say(usageFailure(error));
    return 2;
  }
}

const usageFailure = ({ message }: CommanderError): FailedEvent => ({
  kind: "failed",
  message: message.replace(/^error: /, ""),
  details: [],
});

function wholeNumber(text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw new InvalidArgumentError("should be a whole number.");
}
