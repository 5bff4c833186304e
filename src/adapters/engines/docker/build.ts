import { text } from "node:stream/consumers";
import type Docker from "dockerode";
import { UserError } from "../../../core/errors.ts";
import { engineAddress } from "../../../core/server/registry.ts";
import type { Builder, BuildInput, ImageFacts } from "../../../deploy/ports.ts";
import { buildkitLog } from "./build-buildkit.ts";
import { classicLog } from "./build-classic.ts";
import { packContext, type ContextStream } from "./build-context.ts";
import { buildError } from "./build-errors.ts";
import { openSession, type BuildSession } from "./build-session.ts";
import { openDocker, reaching } from "./client.ts";
import { imageFacts } from "./facts.ts";
import { hasBuildkit } from "./info.ts";
import { progressOf } from "./messages.ts";
import type { Login } from "./registry-login.ts";

export interface BuilderOptions {
  readonly socketPath: string;
  readonly now: () => number;
  readonly random: (bytes: number) => Buffer;
  /** `auto` takes BuildKit where the engine has it. */
  readonly builder?: "auto" | "buildkit" | "classic";
  /** Logins for base images, read anew for each build. */
  readonly logins?: () => readonly Login[];
}

/** Builds images on the engine out of a streamed context; the build cache stays on the engine. */
export function createBuilder(options: BuilderOptions): Builder {
  const { socketPath, builder } = options;
  const build = async (input: BuildInput): Promise<ImageFacts> => {
    input.signal.throwIfAborted();
    const id = options.random(16).toString("hex");
    const context = packContext(input.context, options.now());
    const logins = options.logins?.() ?? [];
    const readDockerfile = () => dockerfileOf(input);
    const build = { ...input, id, context, builder, logins, readDockerfile };
    return runBuild(build, openDocker(socketPath));
  };
  return { build: reaching(socketPath, build) };
}

/** A build whose context is a stream. */
export interface Build extends Omit<BuildInput, "context"> {
  /** The name by which BuildKit can cancel it; unique. */
  readonly id: string;
  readonly context: ContextStream;
  readonly builder: BuilderOptions["builder"];
  readonly logins: readonly Login[];
  /** For what is wrong in it. */
  readonly readDockerfile?: () => Promise<string | undefined>;
}

/** Undefined where it is not there or cannot be read. */
async function dockerfileOf({ context, dockerfile }: BuildInput): Promise<string | undefined> {
  const entry = context.find(({ path }) => path === dockerfile);
  if (entry === undefined || !("open" in entry)) return undefined;
  return text(entry.open()).catch(() => undefined);
}

/** One build from upload to image; uses up `docker`, whose connection to this build is its own. */
export async function runBuild(build: Build, docker: Docker): Promise<ImageFacts> {
  try {
    const { builder = "auto" } = build;
    const buildkit = builder === "auto" ? await hasBuildkit(docker) : builder === "buildkit";
    const image = await follow(build, docker, buildkit);
    return imageFacts(await docker.getImage(image).inspect());
  } finally {
    build.context.stop();
  }
}

/** Sends the context, passes the log on and returns the id of the image. */
async function follow(build: Build, docker: Docker, buildkit: boolean): Promise<string> {
  const { signal, context, service } = build;
  const log = (buildkit ? buildkitLog : classicLog)(build.onLine);
  let session: BuildSession | undefined;
  const onMissingSecret = (name: string): void =>
    build.onLine(`secret ${JSON.stringify(name)} is not set on the server`);
  const cancel = (): void => {
    context.stop();
    if (buildkit) cancelBuild(docker, build.id);
  };
  signal.addEventListener("abort", cancel, { once: true });
  let done: Awaited<ReturnType<typeof progressOf>>;
  try {
    if (buildkit) {
      const secrets = build.secrets?.values;
      session = await openSession(docker, { ...build, secrets, onMissingSecret });
    }
    const answer = docker.buildImage(context.stream, query(build, buildkit));
    done = await progressOf(answer, log.take);
  } catch (error) {
    signal.throwIfAborted();
    throw context.failure() ?? error;
  } finally {
    signal.removeEventListener("abort", cancel);
    session?.end();
  }
  signal.throwIfAborted();
  if (context.failure() !== undefined) throw context.failure();
  const { image, error } = done;
  const failed = { step: log.step(), tail: log.tail() };
  if (error !== undefined) {
    const { dockerfile, readDockerfile } = build;
    const more = { text: await readDockerfile?.(), buildkit, ...failed };
    throw buildError({ service, dockerfile, message: error, ...more });
  }
  if (image === undefined) {
    throw new UserError(`build ${service}: Docker ended the build without an image`, {
      code: "build-failed",
      hint: "push again; if it fails again, read Docker's log on the server: journalctl -u docker",
      details: failed.tail,
    });
  }
  return image;
}

function query(input: Build, buildkit: boolean): Docker.ImageBuildOptions {
  const known = {
    // As a number: dockerode would open a session of its own for "2".
    ...(buildkit
      ? { version: 2, buildid: input.id, session: input.id }
      : { version: 1, rm: true, forcerm: true, ...registryConfig(input.logins) }),
    dockerfile: input.dockerfile,
    t: input.tag,
    buildargs: { ...input.buildArgs },
    labels: { ...input.labels },
    ...(input.target === undefined ? {} : { target: input.target }),
    ...(input.options.pull ? { pull: true } : {}),
    ...(input.options.noCache ? { nocache: true } : {}),
    ...(input.secrets?.key === undefined ? {} : { extrahosts: cacheKeyHost(input.secrets.key) }),
    abortSignal: input.signal,
  };
  return known as object;
}

/**
 * BuildKit's cache does not know the values of secrets, and two builds that run the same step at once share it. A name in the step's own
 * /etc/hosts, which gets into no image, makes it another step.
 */
const cacheKeyHost = (key: string): string => `${key}.build.invalid:127.0.0.1`;

/** The engine itself picks the login of the registry that it asks; it reads this header in base64 for URLs, which the client library does not write. */
function registryConfig(logins: readonly Login[]) {
  if (logins.length === 0) return {};
  const config = Object.fromEntries(
    logins.map(({ host, username, password }) => [engineAddress(host), { username, password }]),
  );
  const base64 = Buffer.from(JSON.stringify(config)).toString("base64");
  return { registryconfig: { base64: base64.replaceAll("+", "-").replaceAll("/", "_") } };
}

/** Asks BuildKit to cancel, because closing the connection is not always enough; the answer does not matter. */
function cancelBuild(docker: Docker, id: string): void {
  const options = { id };
  const statusCodes = { 200: true, 204: true };
  const path = "/build/cancel?";
  docker.modem.dial({ path, method: "POST", options, statusCodes }, () => undefined);
}
