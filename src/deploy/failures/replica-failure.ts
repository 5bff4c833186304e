import type { ContainerFacts, ProbeAnswer, TcpSocket } from "../ports.ts";

/** Why a replica cannot take over, in facts; `failures.ts` has the words. */
export type ReplicaFailure =
  | { readonly kind: "not-started"; readonly error: string }
  | {
      readonly kind: "ended";
      readonly exitCode: number;
      readonly oomKilled: boolean;
      readonly afterMs: number;
    }
  | { readonly kind: "removed" }
  | { readonly kind: "restarted" }
  | {
      readonly kind: "late";
      readonly afterMs: number;
      /** Undefined for a worker process. */
      readonly answer: ProbeAnswer | undefined;
      readonly health: ContainerFacts["health"];
      /** Undefined while HEALTHCHECK has not run. */
      readonly healthOutput: string | undefined;
      readonly listening: readonly Listener[];
    };

export interface Listener {
  readonly address: string;
  readonly port: number;
}

/** What listens inside a container, without Docker's own DNS server; each place once, lowest port first. */
export function listeners(sockets: readonly TcpSocket[]): readonly Listener[] {
  const found = new Map<string, Listener>();
  for (const { state, localAddress: address, localPort: port } of sockets)
    if (state === "listening" && address !== "127.0.0.11")
      found.set(`${address} ${port}`, { address, port });
  return [...found.values()].toSorted((a, b) => a.port - b.port);
}

/** True for an address that nothing outside the container reaches. */
export const isLoopback = (address: string): boolean =>
  address.startsWith("127.") || address === "::1";

/** Ends a switch before it is done; on the way back it becomes a UserError with the container's last words. */
export class ReplicaFailureError extends Error {
  override readonly name = "ReplicaFailureError";
  readonly replica: Pick<ContainerFacts, "id" | "replica">;
  readonly trouble: ReplicaFailure;

  constructor(replica: ReplicaFailureError["replica"], trouble: ReplicaFailure, cause?: unknown) {
    super(trouble.kind, { cause });
    this.replica = replica;
    this.trouble = trouble;
  }
}
