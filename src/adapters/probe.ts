import { request } from "node:http";
import { connect } from "node:net";
import type { Probe, ProbeAnswer, ProbeTarget } from "../deploy/ports.ts";

/** Probes a replica at its network address: a TCP connection, or one GET without following redirects. Never throws. */
export function createProbe(): Probe {
  return { ask: (target) => (target.http === undefined ? dial(target) : get(target, target.http)) };
}

function dial({ address, port, timeoutMs }: ProbeTarget): Promise<ProbeAnswer> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port, timeout: timeoutMs });
    const answer = (said: ProbeAnswer): void => {
      socket.destroy();
      resolve(said);
    };
    socket.once("connect", () => answer({ kind: "ready" }));
    socket.once("timeout", () => answer({ kind: "slow" }));
    socket.once("error", (error) => answer(judge(error)));
  });
}

function get(
  { address, port, timeoutMs }: ProbeTarget,
  { path, host }: { readonly path: string; readonly host: string },
): Promise<ProbeAnswer> {
  return new Promise((resolve) => {
    const headers = { host, "user-agent": "mypaas-probe", accept: "*/*" };
    const asked = request({ host: address, port, path, headers, agent: false });
    // The socket's own timeout would start again with every byte.
    const timer = setTimeout(() => answer({ kind: "slow" }), timeoutMs);
    const answer = (said: ProbeAnswer): void => {
      clearTimeout(timer);
      asked.destroy();
      resolve(said);
    };
    asked.once("response", ({ statusCode = 0 }) => {
      const isGood = statusCode >= 200 && statusCode < 400;
      answer(isGood ? { kind: "ready" } : { kind: "status", status: statusCode });
    });
    // After `destroy`, the request may emit one more error.
    asked.on("error", (error) => answer(judge(error)));
    asked.end();
  });
}

function judge(error: NodeJS.ErrnoException): ProbeAnswer {
  if (error.code === "ECONNREFUSED") return { kind: "refused" };
  if (error.code === "ETIMEDOUT") return { kind: "slow" };
  return { kind: "unreachable", reason: error.code ?? error.message };
}
