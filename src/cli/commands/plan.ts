import type { Results } from "../../core/actions/actions.ts";
import { connect } from "../connect/connect.ts";
import { findDockerfile, readDockerfile } from "../input/dockerfile-path.ts";
import type { CommandIo, ExitCode } from "../io.ts";
import { checkDockerfile, readContext } from "../push/push-context.ts";
import { pushOptions } from "../push/run-push.ts";
import { renderChange, renderPause } from "../output/render-changes.ts";

export interface PlanArgs {
  readonly path?: string | undefined;
  readonly remote?: string | undefined;
  readonly key?: string | undefined;
  readonly context?: string | undefined;
  readonly pull?: boolean;
  /** False with `--no-cache`. */
  readonly cache: boolean;
  readonly takeFrom?: string | undefined;
}

/** `mypaas plan [PATH]`: what a push would change on the server, which is asked and changes nothing; 0 whether or not there is something to do. */
export async function plan(args: PlanArgs, io: CommandIo): Promise<ExitCode> {
  const dockerfile = await findDockerfile(args.path, io.world.cwd, "mypaas plan");
  const source = { dockerfile, context: args.context, options: pushOptions(args) };
  const service = await checkDockerfile(source, io);
  const { push } = await readContext(source, io);
  const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(
    await readDockerfile(dockerfile, dockerfile),
  );
  const connection = await connect(io, args.remote, args);
  try {
    const { result } = await connection.ask({ action: "plan", service, push, text });
    const planned = result as Results["plan"];
    io.answer(describe(planned), planned);
  } finally {
    await connection.close();
  }
  return 0;
}

function describe(planned: Results["plan"]): string {
  const { service, live, unchanged, changes, pause, lastMs, image, unknown } = planned;
  const own = planned.scaledByCommand;
  const scaled =
    own === undefined
      ? []
      : [`scale stays ${own.replicas} by mypaas scale, the Dockerfile says ${own.written}`];
  if (unchanged)
    return [
      `nothing would change: ${service} runs release ${live} with exactly this`,
      ...scaled,
    ].join("\n");
  const now = live === undefined ? "nothing runs yet" : `release ${live} runs now`;
  return [
    `${service}: ${now}`,
    ...(changes.length === 0 ? ["the same again, in new containers"] : changes.map(renderChange)),
    ...(image === "to be built" ? ["the image is to be built"] : []),
    ...scaled,
    ...unknown.map((key) => `only the build can tell: ${key}`),
    renderPause(pause, lastMs),
  ].join("\n");
}
