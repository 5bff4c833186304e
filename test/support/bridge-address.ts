import { createSocket } from "node:dgram";
import { once } from "node:events";
import Docker from "dockerode";

/** Address of this machine on Docker's own network, where containers reach servers of the test. */
export async function bridgeAddress(): Promise<string> {
  const { IPAM } = await new Docker({ socketPath: "/var/run/docker.sock" })
    .getNetwork("bridge")
    .inspect();
  const subnet = IPAM?.Config?.[0]?.["Subnet"];
  if (typeof subnet !== "string") throw new Error("network bridge: has no subnet");
  return ownAddressIn(subnet);
}

/** Docker 20.10 does not tell the gateway before its second start, so the kernel chooses: connecting a UDP socket sends nothing. */
async function ownAddressIn(subnet: string): Promise<string> {
  const [a, b, c, d] = subnet.split(/[./]/);
  const socket = createSocket("udp4");
  try {
    socket.connect(9, [a, b, c, Number(d) + 1].join("."));
    await once(socket, "connect");
    return socket.address().address;
  } finally {
    socket.close();
  }
}
