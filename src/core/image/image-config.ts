import { UserError } from "../errors.ts";

/** What an image says about its program. */
export interface ProgramFacts {
  /** TCP ports of EXPOSE, ascending. */
  readonly exposed: readonly number[];
  readonly hasHealthcheck: boolean;
  /** `USER` as written. */
  readonly user: string;
  /** Paths of `VOLUME` as written. */
  readonly volumes: readonly string[];
  readonly entrypoint: readonly string[];
}

/** What the config of an image says, as far as mypaas needs it; both Docker's and OCI's form. */
export interface ImageConfig extends ProgramFacts {
  /** Such as `linux/amd64`. */
  readonly platform: string;
  readonly labels: Readonly<Record<string, string>>;
  /** The sha256 of each layer without compression, from the first layer up. */
  readonly diffIds: readonly string[];
}

/** Longer ones are no configs of images. */
export const maxConfigBytes = 4 * 1024 * 1024;

/** Reads the config of an image; throws UserError "bad-image" for anything else. `image` is its name in messages. */
export function readImageConfig(bytes: Uint8Array, image: string): ImageConfig {
  if (bytes.length > maxConfigBytes)
    throw badImage(
      image,
      `its config has ${bytes.length} bytes, at most ${maxConfigBytes} are read`,
    );
  const all = fieldsOf(parseJson(bytes, image));
  const { os, architecture, rootfs } = all;
  const config = fieldsOf(all["config"]);
  const diffIds = fieldsOf(rootfs)["diff_ids"];
  if (typeof os !== "string" || typeof architecture !== "string")
    throw badImage(image, "its config names no platform");
  if (!Array.isArray(diffIds) || !diffIds.every((one) => typeof one === "string"))
    throw badImage(image, "its config names no layers");
  const labels = Object.entries(fieldsOf(config["Labels"])).map(
    ([name, value]) => [name, String(value)] as const,
  );
  return {
    platform: `${os}/${architecture}`,
    ...programFacts(config),
    labels: Object.fromEntries(labels),
    diffIds,
  };
}

/** Reads what the field `config` says, which Docker's `Config` of an image says too. */
export function programFacts(config: unknown): ProgramFacts {
  const { Entrypoint, Healthcheck, User, ...all } = fieldsOf(config);
  const [test] = textsOf(fieldsOf(Healthcheck)["Test"]);
  return {
    exposed: tcpPorts(Object.keys(fieldsOf(all["ExposedPorts"]))),
    hasHealthcheck: test !== undefined && test !== "NONE",
    user: typeof User === "string" ? User : "",
    volumes: Object.keys(fieldsOf(all["Volumes"])),
    entrypoint: textsOf(Entrypoint),
  };
}

function tcpPorts(keys: readonly string[]): readonly number[] {
  const ports = keys.flatMap((key) => /^(\d+)(?:\/tcp)?$/.exec(key)?.[1] ?? []);
  return ports.map(Number).toSorted((a, b) => a - b);
}

/** The error for an image that is not whole, or none. */
export const badImage = (image: string, what: string, hint?: string): UserError =>
  new UserError(`image ${image}: ${what}`, { code: "bad-image", hint });

/** The JSON of a part of an image; throws UserError "bad-image". */
export function parseJson(bytes: Uint8Array, image: string): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    throw badImage(image, "a part of it is not JSON");
  }
}

/** The fields of a JSON object; none for anything else. */
export const fieldsOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : {};

/** The texts of a JSON list; none for anything else. */
export const textsOf = (value: unknown): readonly string[] =>
  (Array.isArray(value) ? value : []).filter((one): one is string => typeof one === "string");
