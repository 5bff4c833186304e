import { reasonOf, statusOf } from "./client.ts";

/** One line of the engine's progress streams (build, pull, push). */
export type EngineMessage = Readonly<Record<string, unknown>>;

/** Reads a progress stream line by line; a last line without its end is dropped, because the connection broke within it. */
export async function* readMessages(
  stream: AsyncIterable<Uint8Array | string>,
): AsyncGenerator<EngineMessage> {
  const decoder = new TextDecoder();
  let pieces: string[] = [];
  for await (const chunk of stream) {
    const text = typeof chunk === "string" ? chunk : decoder.decode(chunk, { stream: true });
    const lines = text.split("\n");
    for (const line of lines.slice(0, -1)) {
      const message = parse(pieces.join("") + line);
      pieces = [];
      if (message !== undefined) yield message;
    }
    pieces.push(lines.at(-1) ?? "");
  }
  const message = parse(pieces.join(""));
  if (message !== undefined) yield message;
}

/** Passes the messages on to their end; gives the engine's error, also that of a refusal, and the image that was made. */
export async function progressOf(
  answer: Promise<NodeJS.ReadableStream>,
  onMessage: (message: EngineMessage) => void,
): Promise<{ readonly image: string | undefined; readonly error: string | undefined }> {
  let image: string | undefined;
  let error: string | undefined;
  try {
    for await (const message of readMessages((await answer) as AsyncIterable<Uint8Array>)) {
      onMessage(message);
      image = messageImage(message) ?? image;
      error = messageError(message) ?? error;
    }
  } catch (thrown) {
    if (statusOf(thrown) === undefined) throw thrown;
    error = reasonOf(thrown);
  }
  return { image, error };
}

function parse(line: string): EngineMessage | undefined {
  if (line.trim() === "") return undefined;
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null ? (value as EngineMessage) : undefined;
  } catch {
    return undefined;
  }
}

/** The engine's error in a progress message; undefined when there is none. */
function messageError(message: EngineMessage): string | undefined {
  const { errorDetail, error } = message;
  if (typeof errorDetail === "object" && errorDetail !== null && "message" in errorDetail) {
    return String(errorDetail.message);
  }
  return typeof error === "string" ? error : undefined;
}

/** The image that a build says it made. */
function messageImage(message: EngineMessage): string | undefined {
  const { aux } = message;
  return typeof aux === "object" && aux !== null && "ID" in aux ? String(aux.ID) : undefined;
}
