import { spawn } from "node:child_process";
import { once } from "node:events";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { UserError } from "../../core/errors.ts";
import { codeOf } from "../files.ts";

/** An image as an archive, while it is being read. */
export interface SavedImage {
  readonly stream: AsyncIterable<Uint8Array>;
  /** Rejects with UserError when the program that saves it fails; awaited after the stream. */
  readonly ended: Promise<void>;
}

interface Wanted {
  readonly image: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
}

/** True for the path of a file, which is then an archive. */
export const isArchive = async (path: string): Promise<boolean> =>
  (await stat(path).catch(() => undefined))?.isFile() === true;

/** An archive that was saved before. */
export const savedFile = (path: string): SavedImage => ({
  stream: createReadStream(path) as AsyncIterable<Uint8Array>,
  ended: Promise.resolve(),
});

/** Programs that have images and save them, in the order in which they are asked. */
const programs = ["docker", "podman"] as const;

/** Lets docker, else podman, save an image. Throws UserError "no-image" where none of them has it. */
export async function saveImage(wanted: Wanted): Promise<SavedImage> {
  const { image } = wanted;
  const said: string[] = [];
  for (const program of programs) {
    const found = await inspect(program, wanted);
    if (found === "there") return save(program, wanted);
    if (found !== undefined) said.push(`${program}: ${found}`);
  }
  if (said.length === 0)
    throw new UserError(`image ${image}: neither docker nor podman is installed here`, {
      code: "no-image",
      hint: "save it where it is, and name the file: docker save -o web.tar IMAGE",
    });
  throw new UserError(`image ${image}: not here`, {
    code: "no-image",
    hint: `look at your images: docker images; or get it: docker pull ${image}`,
    details: said,
  });
}

/** `there`, what the program says instead, or undefined where it is not installed. */
async function inspect(program: string, { image, env, signal }: Wanted) {
  try {
    const args = ["image", "inspect", "--format", "{{.Id}}", "--", image];
    const child = spawn(program, args, {
      env: { ...env },
      signal,
      stdio: ["ignore", "ignore", "pipe"],
    });
    const error = textOf(child.stderr);
    const [code] = (await once(child, "close")) as [number];
    return code === 0 ? "there" : lastLine(await error);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

function save(program: string, { image, env, signal }: Wanted): SavedImage {
  const child = spawn(program, ["save", "--", image], {
    env: { ...env },
    signal,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const error = textOf(child.stderr);
  const ended = once(child, "close").then(async ([code]) => {
    if (code === 0) return;
    throw new UserError(`image ${image}: ${program} could not save it`, {
      code: "no-image",
      details: [lastLine(await error)],
    });
  });
  // Whoever reads the stream may fail first.
  ended.catch(() => undefined);
  return { stream: child.stdout as AsyncIterable<Uint8Array>, ended };
}

const maxSaid = 4000;

async function textOf(stream: AsyncIterable<Uint8Array>): Promise<string> {
  let text = "";
  for await (const piece of stream) text = (text + Buffer.from(piece).toString()).slice(-maxSaid);
  return text;
}

const lastLine = (text: string): string => text.trim().split("\n").at(-1) ?? "";
