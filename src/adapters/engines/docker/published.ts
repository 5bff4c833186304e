import { listensLabel } from "../../../core/server/relay-container.ts";
import { label } from "../../../core/release/names.ts";
import { openDocker, reaching } from "./client.ts";
import { listFilter } from "./owned.ts";

/** A running container that publishes a TCP port of the host. */
export interface Publisher {
  readonly container: string;
  /** Undefined when mypaas did not start it. */
  readonly instance: string | undefined;
  readonly role: string | undefined;
  readonly ip: string;
  readonly port: number;
}

/** The containers that publish TCP ports on this engine; the process docker-proxy alone does not name its container. */
export async function publishers(socketPath: string): Promise<readonly Publisher[]> {
  const list = reaching(socketPath, () => openDocker(socketPath).listContainers());
  return (await list()).flatMap((container) =>
    container.Ports.filter((port) => port.Type === "tcp" && port.PublicPort !== undefined).map(
      (port) => ({
        container: container.Names[0]?.replace(/^\//, "") ?? container.Id.slice(0, 12),
        instance: container.Labels[label.instance],
        role: container.Labels[label.role],
        ip: port.IP ?? "0.0.0.0",
        port: port.PublicPort,
      }),
    ),
  );
}

/** Addresses and ports of the host that the running relay of an instance listens on, such as `[::]:80`. */
export async function relayListens(
  socketPath: string,
  instance: string,
): Promise<readonly string[]> {
  const filters = listFilter(instance, "relay");
  const list = reaching(socketPath, () => openDocker(socketPath).listContainers({ filters }));
  return (await list()).flatMap(({ Labels }) => Labels[listensLabel]?.split(" ") ?? []);
}
