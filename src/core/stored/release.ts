import type { Mount, Release } from "../release/release.ts";
import { storedRoute } from "../dockerfile/keys/routes.ts";
import { storedSpec } from "../dockerfile/keys/table.ts";
import type { Receipt } from "../actions/lifecycle.ts";
import { inState, readStored } from "./stored.ts";
import { amount, count, flag, listOf, mapOf, maybe, object, text, word } from "./shape.ts";

const mount = object<Mount, "type" | "source" | "target" | "readOnly">({
  type: word("volume", "bind"),
  source: text,
  target: text,
  readOnly: flag,
});

export const releaseShape = object<
  Release,
  "instance" | "number" | "spec" | "image" | "env" | "mounts" | "imageHealthcheck"
>({
  instance: text,
  number: count,
  spec: storedSpec,
  image: text,
  port: maybe(count),
  env: mapOf(text),
  mounts: listOf(mount),
  yielded: maybe(listOf(storedRoute)),
  imageHealthcheck: flag,
});

export const receiptShape = object<Receipt, "ms">({
  ms: amount,
  requests: maybe(count),
  failed: maybe(count),
});

/** Reads a release as any released version stored it; throws UserError "damaged-state". */
export const readRelease = (json: string, service: string, number: number): Release =>
  readStored(json, releaseShape, inState(`release ${number} of ${service}`));

/** Reads what the switch to a release took. */
export const readReceipt = (json: string, service: string, number: number): Receipt =>
  readStored(json, receiptShape, inState(`receipt of release ${number} of ${service}`));
