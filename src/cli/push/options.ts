import type { PushOptions } from "../../core/actions/push.ts";
import { UserError } from "../../core/errors.ts";
import type { OptionRow } from "../command.ts";
import { serviceArgument } from "../input/arguments.ts";
import { option } from "../output/shell-words.ts";

/** Options and path of commands that build an image, as they are parsed. */
export interface BuildArgs {
  readonly path?: string | undefined;
  readonly context?: string | undefined;
  readonly pull?: boolean;
  /** False with `--no-cache`. */
  readonly cache: boolean;
  readonly takeFrom?: string | undefined;
  /** `--service`: the name, where the Dockerfile does not say it. */
  readonly service?: string | undefined;
  /** `--dockerfile`: its path in an archive. */
  readonly dockerfile?: string | undefined;
  /** `--replace`: the service of another project may go. */
  readonly replace?: boolean;
}

export const buildOptions: readonly OptionRow[] = [
  ["--context <dir>", "folder to send (default: the current one, or the Dockerfile's if outside)"],
  ["--pull", "look for newer base images"],
  ["--no-cache", "build every step again"],
  ["--service <name>", "name of the service, for a Dockerfile that does not say it"],
  ["--take-from <service>", "take over routes that this service has now"],
  ["--dockerfile <path>", "path of the Dockerfile in an archive"],
];

/** The same for commands that send it. */
export const sendOptions: readonly OptionRow[] = [
  ...buildOptions,
  ["--replace", "replace a service that another project has pushed"],
];

/** What they ask of the server. */
export const pushOptions = (args: BuildArgs): PushOptions => ({
  pull: args.pull ?? false,
  noCache: !args.cache,
  ...(args.takeFrom !== undefined && { takeFrom: serviceArgument(args.takeFrom, "--take-from") }),
  ...(args.replace === true && { replace: true }),
  ...(args.service !== undefined && { fillIn: true }),
});

/** What `--service` says. */
export const serviceOf = ({ service }: BuildArgs): { readonly service?: string } =>
  service === undefined ? {} : { service: serviceArgument(service, "--service") };

/** Those that a second call needs to meet the same job. */
export const optionsAgain = (args: BuildArgs): readonly string[] => [
  ...option("--context", args.context),
  ...option("--service", args.service),
  ...option("--dockerfile", args.dockerfile),
  ...option("--take-from", args.takeFrom),
  ...(args.replace === true ? ["--replace"] : []),
  ...(args.pull === true ? ["--pull"] : []),
  ...(args.cache ? [] : ["--no-cache"]),
];

export const imageOption: OptionRow = [
  "--image <image>",
  "send an image of docker or podman, its archive, or - for stdin",
];

/** Throws UserError "usage" for options that say how an image is built, where it is there already. */
export function refuseBuildOptions({ context, pull, cache }: BuildArgs, commandName: string): void {
  const options = [
    [context !== undefined, "--context"],
    [pull === true, "--pull"],
    [!cache, "--no-cache"],
  ] as const;
  const [, given] = options.find(([isGiven]) => isGiven) ?? [];
  if (given === undefined) return;
  throw new UserError(
    `${commandName}: ${given} has no meaning with --image, because nothing is built`,
    {
      code: "usage",
      hint: `leave ${given} out`,
    },
  );
}
