import { connect, type ClientHttp2Session, type IncomingHttpHeaders } from "node:http2";
import { grpcHealthPath, grpcHealthStatus } from "../../../core/health/grpc-health.ts";
import type { ProbeAnswer, ProbeTarget } from "../../../deploy/ports.ts";
import { codeOf } from "../../files.ts";
import { judge } from "./probe.ts";

/** Probes a replica that speaks HTTP/2 without TLS: its settings, one GET, or one question to gRPC's health service. Never throws. */
export const probeH2c = (target: ProbeTarget): Promise<ProbeAnswer> =>
  new Promise((resolve) => {
    const { address, port, http, timeoutMs } = target;
    const host = address.includes(":") ? `[${address}]` : address;
    const session = connect(`http://${host}:${port}`);
    const timer = setTimeout(() => answer({ kind: "slow" }), timeoutMs);
    let isOver = false;
    const answer = (result: ProbeAnswer): void => {
      if (isOver) return;
      isOver = true;
      clearTimeout(timer);
      session.destroy();
      resolve(result);
    };
    // After `destroy`, the session may emit one more error.
    session.on("error", (error) => answer(failure(error)));
    session.on("close", () => answer({ kind: "unreachable", reason: "closed" }));
    // Only a peer that speaks HTTP/2 sends them, and it has to send them first (RFC 9113, 3.4).
    session.once("remoteSettings", () => {
      if (http === undefined) return answer({ kind: "ready" });
      const ask = http.path === grpcHealthPath ? askGrpc : askPath;
      ask(session, http).then(answer, (error: unknown) => answer(failure(error)));
    });
  });

type Http = NonNullable<ProbeTarget["http"]>;

async function askPath(session: ClientHttp2Session, { path, host }: Http): Promise<ProbeAnswer> {
  const stream = session.request({
    ":path": path,
    ":authority": host,
    "user-agent": "mypaas-probe",
    accept: "*/*",
  });
  const { promise, resolve, reject } = Promise.withResolvers<IncomingHttpHeaders>();
  stream.on("response", resolve).on("error", reject);
  stream.on("close", () => reject(new Error("closed without an answer")));
  const status = Number((await promise)[":status"]);
  return status >= 200 && status < 400 ? { kind: "ready" } : { kind: "status", status };
}

async function askGrpc(session: ClientHttp2Session, { path, host }: Http): Promise<ProbeAnswer> {
  const stream = session.request({
    ":method": "POST",
    ":path": path,
    ":authority": host,
    "content-type": "application/grpc",
    te: "trailers",
    "user-agent": "mypaas-probe",
  });
  const { promise, resolve, reject } = Promise.withResolvers<ProbeAnswer>();
  const seen: { head: IncomingHttpHeaders; trailers: IncomingHttpHeaders } = {
    head: {},
    trailers: {},
  };
  const body: Buffer[] = [];
  stream.on("response", (headers) => (seen.head = headers));
  stream.on("trailers", (headers) => (seen.trailers = headers));
  stream.on("data", (chunk: Buffer) => {
    // An answer of the health service has seven bytes.
    if (body.length < 16) body.push(chunk);
  });
  stream.on("error", reject).on("close", () => {
    const status = Number(seen.head[":status"] ?? 0);
    if (status === 0) return reject(new Error("closed without an answer"));
    if (status !== 200) return resolve({ kind: "status", status });
    // A server that fails at once sends its code with the head.
    const code = seen.trailers["grpc-status"] ?? seen.head["grpc-status"];
    const word = grpcHealthStatus(code === undefined ? "" : String(code), Buffer.concat(body));
    resolve(word === "SERVING" ? { kind: "ready" } : { kind: "grpc-status", status: word });
  });
  // The empty question: the health of the whole server.
  stream.end(Buffer.alloc(5));
  return promise;
}

function failure(error: unknown): ProbeAnswer {
  if (!(error instanceof Error)) return { kind: "unreachable", reason: String(error) };
  const code = codeOf(error);
  if (code === "ERR_HTTP2_ERROR" || code === "ERR_HTTP2_SESSION_ERROR") return { kind: "not-h2c" };
  return judge(error);
}
