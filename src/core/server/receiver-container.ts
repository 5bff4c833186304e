import { UserError } from "../errors.ts";
import type { InfraPlan } from "./infra.ts";
import { instancePaths, receiverUid, type InstanceConfig } from "./instance.ts";
import { label, receiverContainerName, receiverNetworkName } from "../release/names.ts";
import type { Mount } from "../release/release.ts";
import { command, hint } from "../hints.ts";

/** Paths inside the receiver's container. */
export const receiverPaths = {
  /** Directory with `authorized_keys` and `receiver.json`, read-only. */
  config: "/etc/mypaas",
  /** Directory with the worker's socket. */
  socketDir: "/run/mypaas",
  spool: "/spool",
  /** Node's binary and the directory of its libraries, mounted from the host. */
  node: "/node",
  libraries: "/lib",
} as const;

/** The Node of the host, which the receiver runs: worker and receiver share its pages, and an update of it or of libc reaches both. */
export interface NodeFiles {
  readonly files: readonly { readonly source: string; readonly target: string }[];
  /** Other files, other stamp, so that `init` starts the receiver anew after an update. */
  readonly stamp: string;
}

/** What the receiver has to know, as `init` writes it to `receiver.json`. */
export interface ReceiverConfig {
  readonly version: 1;
  /** Id of this server. */
  readonly server: string;
}

/** Reads `receiver.json`; throws UserError when it is not one. */
export function parseReceiverConfig(text: string, file: string): ReceiverConfig {
  const bad = (what: string) =>
    new UserError(`${file}: ${what}`, { hint: hint`write it anew: ${command("init")}` });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw bad("not JSON");
  }
  if (typeof value !== "object" || value === null) throw bad("should be an object");
  if (!("version" in value) || value.version !== 1) throw bad("version: should be 1");
  if (!("server" in value) || typeof value.server !== "string" || value.server === "")
    throw bad("server: missing");
  return { version: 1, server: value.server };
}

/** The receiver's container: no Docker, no root, no capability, nothing writable but the spool, only Traefik beside it. */
export function receiverContainer(config: InstanceConfig, node: NodeFiles): InfraPlan {
  const { instance } = config;
  const paths = instancePaths(config);
  const mount = (source: string, target: string, readOnly: boolean): Mount => ({
    type: "bind",
    source,
    target,
    readOnly,
  });
  return {
    name: receiverContainerName(instance),
    image: config.receiverImage,
    cmd: [],
    user: `${receiverUid}:${receiverUid}`,
    labels: {
      [label.instance]: instance,
      [label.role]: "receiver",
      "mypaas.node": node.stamp,
    },
    readOnly: true,
    capDrop: ["ALL"],
    noNewPrivileges: true,
    mounts: [
      mount(paths.receiverDir, receiverPaths.config, true),
      mount(paths.receiverSocketDir, receiverPaths.socketDir, true),
      mount(paths.spool, receiverPaths.spool, false),
      ...node.files.map(({ source, target }) => mount(source, target, true)),
    ],
    ports: [],
    networks: [{ name: receiverNetworkName(instance), aliases: [] }],
    memoryBytes: 192 * 1024 * 1024,
    pidsLimit: 64,
    restart: "unless-stopped",
  };
}
