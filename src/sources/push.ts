import { buffer } from "node:stream/consumers";
import { hint, command } from "../core/hints.ts";
import { formatBytes, formatFiles } from "../core/format.ts";
import { UserError } from "../core/errors.ts";
import type { ActionOf } from "../core/actions/actions.ts";
import type { ManifestEntry, PushManifest } from "../core/actions/push.ts";
import { maxDockerfileBytes } from "../core/dockerfile/parse.ts";
import { maxProcfileBytes } from "../core/dockerfile/procfile.ts";
import { byPath } from "../core/push/manifest.ts";
import { procfilePath, reservedProcfile } from "../core/push/procfile-path.ts";
import type { WantedBlob } from "../core/wire/protocol.ts";
import { contentId } from "../core/wire/request.ts";
import type { ContextEntry } from "../deploy/ports.ts";
import type { BuildSource, Dockerfile } from "./source.ts";

/** Yields the bytes of an uploaded file, and throws instead of ending when they do not match. */
export type Open = (blob: WantedBlob) => AsyncIterable<Uint8Array>;
export type Push = Pick<ActionOf<"push">, "service" | "push">;

/** The files of a push. */
export function pushSource({ service, push }: Push, open: Open): BuildSource {
  const { dockerfile: path, options } = push;
  return {
    kind: "push",
    id: contentId({ action: "push", service, push }),
    dockerfile: {
      path,
      read: async () => buffer(open(dockerfileOf(push))),
      ...procfileIn(push, open),
    },
    context: async () => contextOf(push, open),
    options,
    admission: { needsCertificates: true, takeFrom: options.takeFrom },
    describe: () => sizeOf(push),
  };
}

/** The blobs that the files of a push consist of, each once. */
export function blobsOf({ entries }: PushManifest): readonly WantedBlob[] {
  const files = entries.filter((entry) => isFile(entry));
  const bySum = new Map(files.map(({ sha256, size }) => [sha256, { sha256, size }]));
  return [...bySum.values()];
}

/** Names what a push asks for, its options included: one that asks for a build is not one that does without. */
export function askedFor(content: string, { options }: PushManifest): string {
  const { pull, noCache, takeFrom, fillIn } = options;
  const taking = takeFrom === undefined ? "" : `+take-from ${takeFrom}`;
  return `${content}${pull ? "+pull" : ""}${noCache ? "+no-cache" : ""}${fillIn === true ? "+fill-in" : ""}${taking}`;
}

/** The blob of the Dockerfile; throws UserError when it is too long. */
export function dockerfileOf({ entries, dockerfile }: PushManifest): WantedBlob {
  const entry = fileOf({ entries }, dockerfile);
  // A request without it was never accepted.
  if (entry === undefined) throw new Error("a push without its Dockerfile");
  if (entry.size <= maxDockerfileBytes) return entry;
  throw new UserError(
    `${dockerfile}: ${entry.size} bytes, at most ${maxDockerfileBytes} are read`,
    { code: "bad-request", hint: hint`name a Dockerfile: ${command("push PATH")}` },
  );
}

/** The blob of one of its files; undefined for anything else. */
export function fileOf(
  { entries }: Pick<PushManifest, "entries">,
  path: string,
): WantedBlob | undefined {
  const entry = entries.find((one) => one.path === path);
  return entry !== undefined && isFile(entry) ? entry : undefined;
}

/** The blob of the Procfile that belongs to the Dockerfile; undefined without one. Throws UserError when it is too long. */
export function procfileOf({ entries, dockerfile }: PushManifest): WantedBlob | undefined {
  const path = procfilePath(dockerfile);
  const entry = fileOf({ entries }, path) ?? fileOf({ entries }, reservedProcfile);
  if (entry === undefined) return undefined;
  if (entry.size <= maxProcfileBytes) return entry;
  throw new UserError(`${path}: ${entry.size} bytes, at most ${maxProcfileBytes} are read`, {
    code: "bad-request",
  });
}

function procfileIn(push: PushManifest, open: Open): Pick<Dockerfile, "procfile"> {
  const blob = procfileOf(push);
  if (blob === undefined) return {};
  return {
    procfile: { path: procfilePath(push.dockerfile), read: async () => buffer(open(blob)) },
  };
}

type FileEntry = Extract<ManifestEntry, { readonly sha256: string }>;

const isFile = (entry: ManifestEntry): entry is FileEntry => "sha256" in entry;

/** Each folder stands before what is in it: a path sorts before those that begin with it. */
function contextOf({ entries, folders = [] }: PushManifest, open: Open): readonly ContextEntry[] {
  const named = folders.map(({ path, mode }) => ({ path, folderMode: mode }));
  const files = entries.filter(({ path }) => path !== reservedProcfile);
  return [...files.map((entry) => contextEntry(entry, open)), ...named].toSorted(byPath);
}

const contextEntry = (entry: ManifestEntry, open: Open): ContextEntry =>
  isFile(entry)
    ? { path: entry.path, mode: entry.mode, size: entry.size, open: () => open(entry) }
    : { path: entry.path, link: entry.link };

function sizeOf({ entries }: PushManifest): string {
  const bytes = entries.reduce((sum, entry) => sum + (isFile(entry) ? entry.size : 0), 0);
  return `${formatFiles(entries.length)}, ${formatBytes(bytes)}`;
}
