import { request } from "node:http";
import { connect } from "node:net";
import type { ProbeAnswer, ProbeTarget } from "../../../deploy/ports.ts";

/** Probes a replica at its network address: a TCP connection, or one GET without following redirects. Never throws. */
export const probe = async (target: ProbeTarget): Promise<ProbeAnswer> => {
  if (target.protocol === "h2c") return (await import("./probe-h2c.ts")).probeH2c(target);
  return target.http === undefined ? dial(target) : get(target, target.http);
};

const dial = ({ address, port, timeoutMs }: ProbeTarget): Promise<ProbeAnswer> =>
  new Promise((resolve) => {
    const socket = connect({ host: address, port, timeout: timeoutMs });
    const answer = (result: ProbeAnswer): void => {
      socket.destroy();
      resolve(result);
    };
    socket.once("connect", () => answer({ kind: "ready" }));
    socket.once("timeout", () => answer({ kind: "slow" }));
    socket.once("error", (error) => answer(judge(error)));
  });

const get = (
  { address, port, timeoutMs }: ProbeTarget,
  { path, host }: { readonly path: string; readonly host: string },
): Promise<ProbeAnswer> =>
  new Promise((resolve) => {
    const headers = { host, "user-agent": "mypaas-probe", accept: "*/*" };
    const outgoing = request({ host: address, port, path, headers, agent: false });
    // The socket's own timeout would start again with every byte.
    const timer = setTimeout(() => answer({ kind: "slow" }), timeoutMs);
    const answer = (result: ProbeAnswer): void => {
      clearTimeout(timer);
      outgoing.destroy();
      resolve(result);
    };
    outgoing.once("response", ({ statusCode = 0 }) => {
      const isGood = statusCode >= 200 && statusCode < 400;
      answer(isGood ? { kind: "ready" } : { kind: "status", status: statusCode });
    });
    // After `destroy`, the request may emit one more error.
    outgoing.on("error", (error) => answer(judge(error)));
    outgoing.end();
  });

/** What an error of a connection tells about a replica. */
export function judge(error: NodeJS.ErrnoException): ProbeAnswer {
  if (error.code === "ECONNREFUSED") return { kind: "refused" };
  if (error.code === "ETIMEDOUT") return { kind: "slow" };
  return { kind: "unreachable", reason: error.code ?? error.message };
}
