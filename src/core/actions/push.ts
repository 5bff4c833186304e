import { commitForm } from "../name-forms.ts";
import type { Change } from "../release/change.ts";
import type { Pause } from "../release/switch-way.ts";
import { checkManifest, hasControls } from "../push/manifest.ts";
import { action, answer, upload } from "./definition.ts";
import {
  asFields,
  bad,
  boolean,
  flag,
  list,
  object,
  optional,
  serviceName,
  text,
  wholeNumber,
  type Read,
  type Reader,
} from "./fields.ts";

const path = text(/^[^\0]{1,4096}$/);
const file = { path, mode: wholeNumber, size: wholeNumber, sha256: text(/^[0-9a-f]{64}$/) };
const link = { path, link: path };
const folder = { path, mode: wholeNumber };

const entry: Reader<ManifestEntry> = (value, name) => {
  const fields = asFields(value, name);
  return "link" in fields ? object(link)(fields, name) : object(file)(fields, name);
};

const digest = text(/^[0-9a-f]{32}$/);
const project = {
  origins: list(digest, "push.options.project.origins"),
  machine: digest,
  place: digest,
  dockerfile: path,
  name: text(/^[^\0]{1,200}$/),
  /** Routes as the Dockerfile writes them: host and path. */
  routes: list(text(/^[^\0]{1,2000}$/), "push.options.project.routes"),
};

const oneLine: Reader<string> = (value, name) => {
  const line = text(/^.{1,200}$/su)(value, name);
  if (hasControls(line)) throw bad(`${name}: should be one line`);
  return line;
};

const from = {
  /** The way that the code came: folder, archive, git, image, link … */
  kind: text(/^[a-z][a-z-]{0,29}$/),
  commit: optional(text(commitForm)),
  branch: optional(oneLine),
  /** First line of the commit's message. */
  subject: optional(oneLine),
  /** True where files differ from the commit. */
  dirty: flag,
};

const options = {
  pull: boolean,
  noCache: boolean,
  /** The service whose routes this one may take over. */
  takeFrom: optional(serviceName),
  /** Where the push comes from; laptops of 0.1.0 do not say it. */
  project: optional(object(project, "push.options.project")),
  /** True where the service of another project is to be replaced. */
  replace: flag,
  /** Where the code comes from, for people; kept with the release. */
  from: optional(object(from, "push.options.from")),
  /** True: a Dockerfile that does not name its service is of the service of the request, and gets `domain = auto` where it has no route. */
  fillIn: flag,
};

const image = {
  /** Path of the entry that is its config. */
  config: path,
  /** Paths of the entries that are its layers, from the first layer up. */
  layers: list(path, "push.image.layers"),
};

const manifest = {
  /** Path of an entry. */
  dockerfile: path,
  entries: list(entry, "push.entries"),
  /**
   * Folders that are empty or whose mode is not 755; all others follow from the entries. Left out where a server of 0.1.0 takes the
   * same manifest (`filesOf`): such servers pass over this field or refuse it, and the laptop then knows.
   */
  folders: optional(list(object(folder), "push.folders")),
  /** Set where the entries are the parts of an image; the Dockerfile then holds its settings, and nothing is built. */
  image: optional(object(image, "push.image")),
  options: object(options, "push.options"),
};

const push: Reader<PushManifest> = (value, name) => {
  const read = object(manifest)(value, name);
  const problem = checkManifest(read)[0];
  if (problem !== undefined) throw bad(problem);
  return read;
};

/** Where code came from, as the laptop said. */
export interface PushFrom {
  /** The way that it came: `folder`, `archive`, `git`, `image`, `link` or another. */
  readonly kind: string;
  readonly commit?: string;
  readonly branch?: string;
  /** First line of the commit's message. */
  readonly subject?: string;
  /** True where files differ from the commit. */
  readonly dirty?: boolean;
}
export type PushOptions = Read<typeof options>;
export type PushManifest = Read<typeof manifest>;
/** Paths are relative, `/`-separated, as the file system spells them; `mode` holds the twelve permission bits. Sorted by path, no duplicates. */
export type ManifestEntry = Read<typeof file> | Read<typeof link>;
export type ManifestFolder = Read<typeof folder>;
export type ManifestImage = Read<typeof image>;

const touched = ({ push: { options: asked } }: { readonly push: PushManifest }) =>
  asked.takeFrom === undefined ? [] : [asked.takeFrom];

/** A push that is sent again joins its own job. */
const common = { scope: "service", right: "push", repeat: "safe", alsoTouches: touched } as const;

/** A push, and what it would change. */
export const pushing = {
  push: action({
    ...common,
    byGrant: "change",
    fields: { push },
    becomes: upload(),
    knownNames: "added",
    content: (asked) => ({ push: { ...asked.push, options: undefined } }),
  }),
  /** What a push would change; `text` is its Dockerfile, `procfile` its Procfile and `config` that of its image, because nothing is uploaded. */
  plan: action({
    ...common,
    byGrant: "read",
    fields: {
      push,
      text: text(/^[^\0]{1,4194304}$/),
      procfile: optional(text(/^[^\0]{0,65536}$/)),
      config: optional(text(/^[^\0]{1,4194304}$/)),
    },
    becomes: answer<PlannedChanges>(),
    knownNames: "unchanged",
  }),
} as const;

/** What a push would do, decided by the code that does it. */
export interface PlannedChanges {
  readonly service: string;
  /** What is live now; left out when nothing is. */
  readonly live?: number;
  /** True where a push would say that nothing changed. */
  readonly unchanged: boolean;
  readonly changes: readonly Change[];
  readonly pause: Pause;
  /** Set while `mypaas scale` stands above what the Dockerfile says. */
  readonly scaledByCommand?: { readonly written: string; readonly replicas: number };
  /** How long the switch took that made the live release live, where requests waited then as well. */
  readonly lastMs?: number;
  /** `kept`: an image with this content is there; `to be loaded`: one that is sent. */
  readonly image: "kept" | "to be built" | "to be loaded";
  /** Keys whose values only the build can tell; the changes assume those of the live release. */
  readonly unknown: readonly string[];
}
