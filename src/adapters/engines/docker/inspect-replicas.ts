import { traefikContainerName } from "../../../core/release/names.ts";
import type { KernelSocket } from "../../../core/server/proc-net.ts";
import type { Address, Listener, Replicas } from "../../../deploy/ports.ts";
import type { Containers } from "./containers.ts";
import { isReplica } from "./facts.ts";

/** Looks at replicas as containers of one Docker Engine, and at Traefik's container beside them. */
export const createReplicaInspector = (
  containers: Containers,
  instance: string,
): Omit<Replicas, "probe"> => ({
  replicas: async (service) => (await containers.list(service)).filter(isReplica),
  replica: containers.inspect,
  lastLogLines: containers.lastLogLines,
  listeners: async (id) => listeners(await containers.socketsOf(id)),
  openConnections: async (addresses) => {
    const sockets = await containers.socketsOf(traefikContainerName(instance));
    return addresses.map((address) => connectionsTo(address, sockets));
  },
});

/** What listens inside a container, without Docker's own DNS server; each place once, lowest port first. */
export function listeners(sockets: readonly KernelSocket[]): readonly Listener[] {
  const found = new Map<string, Listener>();
  for (const { state, localAddress: address, localPort: port } of sockets)
    if (state === "listening" && address !== "127.0.0.11")
      found.set(`${address} ${port}`, { address, port });
  return [...found.values()].toSorted((a, b) => a.port - b.port);
}

/** Connections that may still carry a request, seen from the end that opens and closes them: an answer that has not been read to its end counts, one whose end was received does not. */
export const connectionsTo = (
  { address, port }: Address,
  sockets: readonly KernelSocket[],
): number =>
  sockets.filter(
    ({ state, remoteAddress, remotePort }) =>
      (state === "established" || state === "opening") &&
      remoteAddress === address &&
      remotePort === port,
  ).length;
