import { CommanderError } from "commander";
import type { FailedEvent } from "../core/wire/events.ts";
import type { World } from "../core/world.ts";
import { makeProgram } from "./command-builder.ts";
import type { CommandIo, ExitCode, OutputOptions, Roles } from "./command.ts";

interface Start {
  readonly world: World;
  readonly roles: Roles;
  /** As the arguments look before they are parsed. */
  readonly isJson: boolean;
  /** Takes the options that the command was given. */
  readonly makeIo: (options?: OutputOptions) => Promise<CommandIo>;
}

/** Runs what the arguments say. */
export async function runProgram({ world, roles, isJson, makeIo }: Start): Promise<ExitCode> {
  if (world.args.length === 0) {
    world.stdout.write(firstSteps);
    return 0;
  }
  let code: ExitCode = 0;
  let options: OutputOptions = {};
  // Wrong usage is then said in one way only.
  const stderr = isJson ? nowhere : world.stderr;
  const program = makeProgram({ stdout: world.stdout, stderr }, roles, async (body) => {
    code = await body(await makeIo(options));
  });
  program.root.hook("preAction", (_program, command) => {
    options = command.optsWithGlobals<OutputOptions>();
  });
  // What stands before the name of a command are options without a value.
  await program.load(world.args.find((word) => !word.startsWith("-")));
  const usage = await program.root.parseAsync(world.args, { from: "user" }).then(
    () => undefined,
    (error: unknown) => {
      if (error instanceof CommanderError) return error;
      throw error;
    },
  );
  if (usage === undefined) return code;
  if (usage.exitCode === 0) return 0;
  const io = await makeIo();
  // People have read it on stderr already.
  if (io.json) io.say(failureOf(usage));
  return 2;
}

const nowhere: World["stderr"] = { write: () => {}, isTTY: false, columns: 80 };

const failureOf = ({ message, code }: CommanderError): FailedEvent => ({
  kind: "failed",
  // A group such as `mypaas key` alone shows its help.
  message: code === "commander.help" ? "a command is missing" : message.replace(/^error: /, ""),
  details: [],
});

/** What `mypaas` alone shows: the commands of the first day, in their order. */
export const firstSteps = `mypaas turns your own server into a PaaS.

On the server, once:
  sudo mypaas init              set it up; prints a line for your laptop

On your laptop:
  mypaas remote add prod '…'    add the server by that line
  mypaas check                  read the comments in your Dockerfile
  mypaas push                   send the service and make it live
  mypaas logs web -r prod       read its output

What a Dockerfile can say: mypaas help keys
All commands: mypaas --help
`;
