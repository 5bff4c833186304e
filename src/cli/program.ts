import { Argument, InvalidArgumentError, type Command } from "commander";
import { defaultStateDir } from "../core/server/instance.ts";
import type { World } from "../core/world.ts";
import { shells, type Shell } from "./completion/scripts.ts";
import { families } from "./group-commands.ts";
import { commandMaker, frame, showHelp, type Run } from "./command-builder.ts";
import type { CommandIo } from "./io.ts";
import { programs } from "./run-commands.ts";
import { build, client, examples } from "./shared-options.ts";

/** What this program can be besides a command line; `bin/` knows how, because no floor of ours may import its neighbour. */
export interface Roles {
  /** Resolves when it was told to stop. */
  readonly worker: (options: { readonly stateDir: string }, io: CommandIo) => Promise<void>;
}

/** All commands on one page; each body is imported only when it runs. */
export function makeProgram(
  world: Pick<World, "stdout" | "stderr">,
  roles: Roles,
  run: Run,
): Command {
  const program = frame(world);
  const command = commandMaker(program);

  command("init", "turn this server into a PaaS, or repair and upgrade one")
    .option("--domain <host>", "the server's own name")
    .option("--host <host>", "name or address to print for laptops when there is no domain")
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
    .optionsGroup("Certificates:")
    .option("--email <address>", "ask for them by ACME, under this address")
    .option("--acme-server <url>", "who is asked: letsencrypt (default), or a URL")
    .option("--acme-staging", "short for --acme-server letsencrypt-staging")
    .option("--acme-ca <file>", "PEM of the CA behind that server's https; or none")
    .option("--acme-lifetime <duration>", "how long that CA's certificates last (default: 90d)")
    .option("--dns-provider <name>", "proves names by DNS records, also wildcards; or none")
    .option("--dns-env <file>", "what it has to know, in lines NAME=VALUE")
    .option("--resolver <ip...>", "asked about names before a CA is (default: public)")
    .option("--address <ip...>", "the public ones of a server behind a NAT; or none")
    .addHelpText(
      "after",
      examples(
        "sudo mypaas init",
        "sudo mypaas init --domain paas.example.com --email me@example.com",
      ),
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

  client(command("ps [service]", "what runs, how it is, and how its last deploy ended"))
    .option("-w, --watch", "show it again every 2 s")
    .addHelpText("after", examples("mypaas ps -r prod", "mypaas ps web --watch -r prod"))
    .action((service, options) =>
      run(async (io) => (await import("./commands/ps.ts")).ps({ ...options, service }, io)),
    );

  client(command("logs [service]", "what the replicas of a service print, or what a deploy said"))
    .option("-f, --follow", "go on with what comes, across deploys, until Ctrl-C")
    .option("-n, --lines <count>", "the newest lines, or all (default: 100)")
    .option("--since <duration>", "nothing older, such as 10m")
    .option("--release <number>", "only of this release, while its containers are there")
    .option("--replica <number>", "only of this replica")
    .option("--grep <regex>", "only lines that match")
    .option("--job [number]", "what a deploy said; without a number the newest of the service")
    .addHelpText("after", examples("mypaas logs web -f -r prod", "mypaas logs web --job -r prod"))
    .action((service, options) =>
      run(async (io) => (await import("./commands/logs.ts")).logs({ ...options, service }, io)),
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

  client(
    command("check [path]", "check the mypaas comments of a Dockerfile, offline unless with -r"),
    "a server to ask what it would refuse of the routes",
  )
    .addHelpText("after", examples("mypaas check", "mypaas check web/Dockerfile -r prod"))
    .action((path, options) =>
      run(async (io) => (await import("./commands/check.ts")).check({ ...options, path }, io)),
    );

  client(command("scale <service> <replicas>", "run more or fewer replicas of a service"))
    .addHelpText("after", examples("mypaas scale web 3 -r prod", "mypaas scale web 1 -r prod"))
    .action((service, replicas, options) =>
      run(async (io) =>
        (await import("./commands/scale.ts")).scale({ ...options, service, replicas }, io),
      ),
    );

  for (const [verb, summary] of [
    ["restart", "begin a service anew, without losing a request"],
    ["stop", "take a service out of use; its routes answer 503 until it is started"],
    ["start", "bring a stopped service back"],
  ] as const)
    client(command(`${verb} <service>`, summary))
      .addHelpText("after", examples(`mypaas ${verb} web`, `mypaas ${verb} web -r prod`))
      .action((service, options) =>
        run(async (io) =>
          (await import("./commands/lifecycle.ts")).lifecycle({ ...options, verb, service }, io),
        ),
      );

  client(command("remove <service>", "remove a service; its volumes stay unless you say otherwise"))
    .option("--volumes", "remove its Docker volumes too, with all that is in them")
    .option("-y, --yes", "do not ask")
    .addHelpText(
      "after",
      examples("mypaas remove web -r prod", "mypaas remove web --volumes --yes -r prod"),
    )
    .action((service, options) =>
      run(async (io) => (await import("./commands/remove.ts")).remove({ ...options, service }, io)),
    );

  client(
    command("env <service> [words...]", "list, set or unset what a service gets as environment"),
  )
    .option("-f, --file <file>", "with set: lines NAME=VALUE of a file, - for stdin")
    .option("--stage", "keep it for the next push instead of a release now")
    .addHelpText(
      "after",
      examples(
        "mypaas env web -r prod",
        "mypaas env web set DATABASE_URL=… LOG=debug -r prod",
        "mypaas env web set -f .env.production --stage -r prod",
        "mypaas env web unset LOG -r prod",
      ),
    )
    .action((service, words, options) =>
      run(async (io) =>
        (await import("./commands/env.ts")).env({ ...options, service, words }, io),
      ),
    );

  client(command("doctor", "examine a server: what is wrong with it, and the way out"))
    .addHelpText("after", examples("sudo mypaas doctor", "mypaas doctor -r prod --json"))
    .action((options) =>
      run(async (io) => (await import("./commands/doctor.ts")).doctor(options, io)),
    );

  programs(command, run);
  families(command, run);

  command("completion", "words that follow at the TAB key, for bash, zsh or fish")
    .addArgument(new Argument("<shell>", "the shell that you use").choices(shells))
    .addHelpText(
      "after",
      examples(
        "source <(mypaas completion bash)",
        "mypaas completion zsh > ~/.zfunc/_mypaas",
        "mypaas completion fish > ~/.config/fish/completions/mypaas.fish",
      ),
    )
    .action((shell: Shell) =>
      run(async (io) => (await import("./commands/completion.ts")).completion({ shell }, io)),
    );

  command("help [topic...]", "help for a command, or `help keys`: all keys of a Dockerfile")
    .addHelpText("after", examples("mypaas help keys", "mypaas help remote add"))
    .action((topic: readonly string[]) =>
      topic[0] === "keys" && topic.length === 1
        ? run(async (io) => (await import("./commands/help-keys.ts")).helpKeys(io))
        : showHelp(program, topic),
    );

  program
    .command("complete [words...]", { hidden: true })
    .description("what the scripts of `mypaas completion` ask")
    .action((words: readonly string[]) =>
      run(async (io) =>
        (await import("./commands/completion.ts")).completeWords({ program, words }, io),
      ),
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

  return program;
}

function wholeNumber(text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw new InvalidArgumentError("should be a whole number.");
}
