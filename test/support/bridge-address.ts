import Docker from "dockerode";

/** Where containers reach servers of the test that listen on this machine: the gateway of Docker's own network. */
export async function bridgeAddress(): Promise<string> {
  const { IPAM } = await new Docker({ socketPath: "/var/run/docker.sock" })
    .getNetwork("bridge")
    .inspect();
  const address = IPAM?.Config?.[0]?.["Gateway"];
  if (typeof address !== "string") throw new Error("network bridge: has no gateway");
  return address;
}
