import Docker from "dockerode";

/** Where containers reach servers of the test that listen on this machine: the gateway of Docker's own network. */
export async function bridgeAddress(): Promise<string> {
  const { IPAM } = await new Docker({ socketPath: "/var/run/docker.sock" })
    .getNetwork("bridge")
    .inspect();
  const { Gateway: gateway, Subnet: subnet } = IPAM?.Config?.[0] ?? {};
  // An engine that has just made this network names its gateway, the first address, only after its next start.
  const address = gateway ?? subnet?.replace(/\d+\/\d+$/, "1");
  if (address === undefined) throw new Error("network bridge: has no gateway");
  return address;
}
