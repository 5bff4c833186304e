import type { MakeCommand, Run } from "./command-builder.ts";
import { client, examples } from "./shared-options.ts";

/** Commands that run a program of somebody's own choice on the server. */
export function programs(command: MakeCommand, run: Run): void {
  client(command("run <service> <command...>", "run a command in a container of its own"))
    .option("--release <number>", "of this release (default: the live one)")
    .option("--detach", "do not wait for its end")
    .addHelpText(
      "after",
      examples(
        "mypaas run web -r prod -- node migrate.js",
        "mypaas run web --detach -r prod -- node nightly.js",
      ),
    )
    .action((service, words, options) =>
      run(async (io) =>
        (await import("./commands/run.ts")).run({ ...options, service, command: words }, io),
      ),
    );

  client(command("exec <service> <command...>", "run a command inside a running replica"))
    .option("--replica <number>", "which one (default: the first that runs)")
    .addHelpText(
      "after",
      examples("mypaas exec web -r prod -- sh", "mypaas exec web --replica 2 -r prod -- env"),
    )
    .action((service, words, options) =>
      run(async (io) =>
        (await import("./commands/exec.ts")).exec({ ...options, service, command: words }, io),
      ),
    );
}
