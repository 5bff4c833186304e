import type { BuildOptions, BuildSecrets, ContextEntry, SentImage } from "../deploy/ports.ts";

/** Where the image of a release comes from; one file of this folder makes each kind. */
export type Source = BuildSource | LoadSource | ImageSource;

interface AnySource {
  /** Such as `push`. */
  readonly kind: string;
  /** Content id: sources with the same id make the same image. */
  readonly id: string;
  /** A few words for the log of a job, such as `12 files, 3.1 kB`. */
  readonly describe: () => string;
  readonly admission: Admission;
}

/** A Dockerfile and its context, out of which an image is built. */
export interface BuildSource extends AnySource {
  readonly dockerfile: Dockerfile;
  readonly context: () => Promise<readonly ContextEntry[]>;
  readonly options: BuildOptions;
  /** What its steps may ask for. */
  readonly secrets?: BuildSecrets & {
    /** Names that its own RUN instructions mention. */
    readonly asked: readonly string[];
  };
}

/** An image whose parts were sent, and a Dockerfile that holds its settings. */
export interface LoadSource extends AnySource {
  readonly dockerfile: Dockerfile;
  readonly parts: Pick<SentImage, "config" | "layers">;
}

/** An image that is on the server. */
export interface ImageSource extends AnySource {
  readonly image: { readonly reference: string; readonly id: string };
}

export interface Dockerfile {
  /** Its path in the context. */
  readonly path: string;
  /** Throws UserError when it cannot be read. */
  readonly read: () => Promise<Uint8Array>;
  /** The Procfile that belongs to it. */
  readonly procfile?: Omit<Dockerfile, "procfile">;
}

/** What the server checks about a source beside its spec. */
export interface Admission {
  /** False for settings that have run here: they may go on, whatever has become of their certificate or of passwords. */
  readonly needsCertificates: boolean;
  /** The service whose routes may be taken over. */
  readonly takeFrom?: string | undefined;
}

/** True for a source that wants its image built, even where an image with its content is there. */
export const asksForBuild = (source: Source): boolean =>
  "options" in source && (source.options.pull || source.options.noCache);
