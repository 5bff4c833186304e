import type { DiskKind, DiskOwner } from "../actions/usage.ts";
import { label } from "../release/names.ts";

type Labels = Readonly<Record<string, string>>;

/** What fills the disk of an engine, in bytes. */
export interface EngineDisk {
  /** The folder with its files. */
  readonly rootDir: string;
  /** Of all images together; each layer once. */
  readonly layers: number;
  readonly images: readonly {
    readonly tags: readonly string[];
    readonly labels: Labels;
    /** Of the layers that no other image has. */
    readonly unique: number;
  }[];
  readonly containers: readonly {
    readonly labels: Labels;
    /** What it wrote outside of volumes. */
    readonly written: number;
    readonly logs: number;
    /** Names of the volumes that it has. */
    readonly volumes: readonly string[];
  }[];
  readonly volumes: readonly {
    readonly name: string;
    readonly labels: Labels;
    readonly bytes: number;
  }[];
  /** Of builds, without what images have too. */
  readonly cache: number;
}

/** What the state knows of them. */
export interface DiskKnown {
  readonly instance: string;
  /** Image references by service. */
  readonly images: ReadonlyMap<string, string>;
  /** Of mypaas itself. */
  readonly ownImages: ReadonlySet<string>;
  /** Volumes under names of others, by service. */
  readonly adopted: ReadonlyMap<string, string>;
}

/** What the files of mypaas take, in bytes. */
export interface StateDisk {
  readonly state: number;
  readonly blobs: readonly { readonly sha256: string; readonly bytes: number }[];
}

type Owner = Pick<DiskOwner, "owner" | "whose">;

const service = (owner: string): Owner => ({ owner, whose: "service" });
const shared: Owner = { owner: "shared", whose: "shared" };
const ours: Owner = { owner: "mypaas", whose: "mypaas" };
const others: Owner = { owner: "others", whose: "others" };

/** Sums by owner and kind, services first; what is empty is left out. */
export function diskOwners(
  engine: EngineDisk,
  files: StateDisk,
  known: DiskKnown,
  blobOwners: ReadonlyMap<string, readonly string[]>,
): readonly DiskOwner[] {
  const sums = new Map<string, DiskOwner>();
  const add = (whose: Owner, kind: DiskKind, bytes: number) => {
    const key = `${whose.whose} ${whose.owner} ${kind}`;
    const sum = (sums.get(key)?.bytes ?? 0) + bytes;
    if (sum > 0) sums.set(key, { ...whose, kind, bytes: sum });
  };
  for (const image of engine.images) add(ownerOfImage(image, known), "images", image.unique);
  const alone = engine.images.reduce((sum, { unique }) => sum + unique, 0);
  add(shared, "images", engine.layers - alone);
  const users = new Map<string, Owner>();
  for (const one of engine.containers) {
    const owner = byLabels(one.labels, known);
    add(owner, "containers", one.written);
    add(owner, "logs", one.logs);
    for (const name of one.volumes) users.set(name, owner);
  }
  for (const { name, labels, bytes } of engine.volumes) {
    const adopted = known.adopted.get(name);
    const owner = adopted === undefined ? byLabels(labels, known) : service(adopted);
    add(owner === others ? (users.get(name) ?? others) : owner, "volumes", bytes);
  }
  add(shared, "cache", engine.cache);
  for (const { sha256, bytes } of files.blobs) add(oneOf(blobOwners.get(sha256)), "blobs", bytes);
  add(ours, "state", files.state);
  return [...sums.values()].toSorted(byOwner);
}

function ownerOfImage({ tags, labels }: EngineDisk["images"][number], known: DiskKnown): Owner {
  if (tags.some((tag) => known.ownImages.has(tag))) return ours;
  const services = new Set(tags.flatMap((tag) => known.images.get(tag) ?? []));
  return services.size > 0 ? oneOf([...services]) : byLabels(labels, known);
}

function byLabels(labels: Labels, { instance }: DiskKnown): Owner {
  if (labels[label.instance] !== instance) return others;
  const name = labels[label.service];
  return name === undefined || name === "" ? ours : service(name);
}

/** A file that no push needs is removed after the next deploy. */
function oneOf(services: readonly string[] = []): Owner {
  const [name, another] = services;
  if (name === undefined) return ours;
  return another === undefined ? service(name) : shared;
}

const order = ["service", "shared", "mypaas", "others"] as const;

const byOwner = (a: DiskOwner, b: DiskOwner): number =>
  order.indexOf(a.whose) - order.indexOf(b.whose) ||
  (a.owner < b.owner ? -1 : Number(a.owner > b.owner)) ||
  b.bytes - a.bytes;
