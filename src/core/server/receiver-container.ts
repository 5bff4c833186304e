import { hint, command } from "../hints.ts";
import { count, object, text } from "../stored/shape.ts";
import { damaged, readStored, refuseNewer } from "../stored/stored.ts";
import { bindMount, nodeMounts, locked, type InfraPlan } from "./infra.ts";
import { instancePaths, type InstanceConfig } from "./instance.ts";
import { receiverUid } from "./uids.ts";
import { label, receiverContainerName, receiverNetworkName } from "../release/names.ts";

/** Paths inside the receiver's container. */
export const receiverPaths = {
  /** Directory with `authorized_keys` and `receiver.json`, read-only. */
  config: "/etc/mypaas",
  /** Directory with the worker's socket. */
  socketDir: "/run/mypaas",
  spool: "/spool",
  /** Node and the directory of its libraries, mounted from the host. */
  node: "/node",
  libraries: "/lib",
} as const;

/** The host's Node for the receiver. It shares memory with the worker's, and an update reaches both. */
export interface NodeFiles {
  readonly files: readonly { readonly source: string; readonly target: string }[];
  /** Changes with each update of a file, so that `init` restarts the receiver. */
  readonly stamp: string;
}

/** The facts that `init` writes to `receiver.json` for the receiver. */
export interface ReceiverConfig {
  readonly version: 1;
  /** Id of this server. */
  readonly server: string;
}

/** Reads `receiver.json`; throws UserError for a wrong one. */
export function parseReceiverConfig(json: string, file: string): ReceiverConfig {
  const thing = { name: file, hint: hint`write it again: ${command("init")}` };
  const { version, server } = readStored(json, receiverConfigShape, thing);
  refuseNewer(file, version, 1);
  if (server === "") throw damaged(thing, "server: is empty");
  return { version: 1, server };
}

export const receiverConfigShape = object<
  { readonly version: number; readonly server: string },
  "version" | "server"
>({ version: count, server: text });

/** The receiver's container: no Docker, no root, no capability, read-only but for the spool, only Traefik beside it. */
export function receiverContainer(config: InstanceConfig, node: NodeFiles): InfraPlan {
  const { instance } = config;
  const paths = instancePaths(config);
  return {
    name: receiverContainerName(instance),
    image: config.receiverImage,
    cmd: [],
    user: `${receiverUid}:${receiverUid}`,
    labels: { [label.instance]: instance, [label.role]: "receiver", "mypaas.node": node.stamp },
    ...locked,
    mounts: [
      bindMount(paths.receiverDir, receiverPaths.config),
      bindMount(paths.receiverSocketDir, receiverPaths.socketDir),
      bindMount(paths.spool, receiverPaths.spool, false),
      ...nodeMounts(node),
    ],
    ports: [],
    networks: [{ name: receiverNetworkName(instance), aliases: [] }],
    memoryBytes: 192 * 1024 * 1024,
    pidsLimit: 64,
    restart: "unless-stopped",
  };
}
