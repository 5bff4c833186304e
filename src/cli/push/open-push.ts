import { resolve } from "node:path";
import { UserError } from "../../core/errors.ts";
import type { CommandIo } from "../command.ts";
import type { Connection } from "../connect/connect.ts";
import { serviceArgument } from "../input/arguments.ts";
import { pushOptions, refuseBuildOptions, serviceOf, type BuildArgs } from "./options.ts";
import type { OpenedPush } from "./push-context.ts";

/** Opens what PATH means: an archive or stdin, else a folder, with its Dockerfile or one that is made for it. The hint names the command that was typed. */
export async function openPush(
  path: string | undefined,
  args: BuildArgs,
  commandName: string,
  io: CommandIo,
): Promise<() => Promise<OpenedPush>> {
  const { context, dockerfile } = args;
  const common = { options: pushOptions(args), ...serviceOf(args) };
  if (path !== undefined && (await isArchivePath(resolve(io.world.cwd, path), path))) {
    if (context !== undefined)
      throw usage(
        `--context: ${path} is an archive, which is a context of its own`,
        "leave it out",
      );
    const { openArchive } = await import("./open-archive.ts");
    return () => openArchive({ file: path, dockerfile, commandName, ...common }, io);
  }
  if (dockerfile !== undefined)
    throw usage(
      "--dockerfile: only an archive has one inside",
      `name the file itself: mypaas ${commandName} ${dockerfile}`,
    );
  const { findSource } = await import("./make-dockerfile.ts");
  const { openFolder } = await import("./push-context.ts");
  const source = await findSource({ ...args, path, commandName }, io);
  return () => openFolder({ ...source, ...common }, io);
}

/** What `--image` means; `name` is the service, where no label says it. */
export interface ImageArgs {
  readonly image: string;
  readonly name: string | undefined;
  readonly args: BuildArgs;
  readonly commandName: string;
}

/** Checks the options of `--image`, and opens the image then; the server says before what it can run. */
export function openImagePush(
  { image, name, args, commandName }: ImageArgs,
  io: CommandIo,
): (server: Pick<Connection, "ask">) => Promise<OpenedPush> {
  refuseBuildOptions(args, commandName);
  const named = name ?? args.service;
  const service = named === undefined ? undefined : serviceArgument(named, commandName);
  const options = pushOptions({ ...args, service: undefined });
  return async ({ ask }) => {
    const { openImage } = await import("./open-image.ts");
    const { builder } = await ask({ action: "server.info" });
    return openImage({ image, service, options, server: builder }, io);
  };
}

async function isArchivePath(absolute: string, typed: string): Promise<boolean> {
  if (typed === "-") return true;
  const { isArchive } = await import("../../adapters/archive/take-archive.ts");
  return isArchive(absolute);
}

const usage = (message: string, hint: string): UserError =>
  new UserError(message, { code: "usage", hint });
