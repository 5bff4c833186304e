import { label, pageContainerName, receiverNetworkName } from "../release/names.ts";
import { nodeMounts, locked, type InfraPlan } from "./infra.ts";
import type { InstanceConfig } from "./instance.ts";
import { receiverUid } from "./uids.ts";
import type { NodeFiles } from "./receiver-container.ts";

export const pagePort = 8080;

/** The argument with which the receiver's image serves the page of a maintenance. */
export const pageArgument = "page";

/** The container of the page that visitors see during a maintenance: the receiver's image, without any of its files and sockets. */
export function pageContainer(config: InstanceConfig, node: NodeFiles): InfraPlan {
  const { instance } = config;
  return {
    name: pageContainerName(instance),
    image: config.receiverImage,
    cmd: [pageArgument],
    user: `${receiverUid}:${receiverUid}`,
    labels: { [label.instance]: instance, [label.role]: "page", "mypaas.node": node.stamp },
    ...locked,
    mounts: nodeMounts(node),
    ports: [],
    networks: [{ name: receiverNetworkName(instance), aliases: [] }],
    memoryBytes: 128 * 1024 * 1024,
    pidsLimit: 64,
    restart: "unless-stopped",
  };
}
