import { request } from "node:http";
import { hereHeader } from "../../core/routing/server-routes.ts";
import { wireBase } from "../../core/wire/protocol.ts";
import type { PortAnswer } from "../../core/certificates/preflight.ts";
import { codeOf } from "../files.ts";
import { headOf } from "../reach.ts";

/** A CA connects to this port and to no other (RFC 8555, 8.3). */
const port = 80;
const timeoutMs = 4000;

/** Requests a host on port 80 of one address, as a CA would. Says whether this server answers; never rejects. */
export async function probePort80(
  address: string,
  { host, server }: { readonly host: string; readonly server: string },
): Promise<PortAnswer> {
  const options = {
    host: address,
    port,
    path: `${wireBase}/`,
    headers: { host, "user-agent": "mypaas" },
    agent: false,
    signal: AbortSignal.timeout(timeoutMs),
  } as const;
  const answer = await headOf(request(options)).catch((error: Error) => error);
  if (answer instanceof Error) return { kind: "unreachable", why: reasonOf(answer) };
  const { statusCode, headers } = answer;
  if (headers[hereHeader.toLowerCase()] === server) return { kind: "here" };
  const by = typeof headers.server === "string" ? ` from ${headers.server.slice(0, 40)}` : "";
  return { kind: "other", what: `status ${statusCode}${by}` };
}

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connection refused",
  ECONNRESET: "connection closed",
  ETIMEDOUT: "no answer",
  EHOSTUNREACH: "no route to that address",
  ENETUNREACH: "no route to that address",
};

function reasonOf(error: Error): string {
  if (error.name === "TimeoutError" || codeOf(error) === "ABORT_ERR") return "no answer within 4 s";
  return reasons[codeOf(error) ?? ""] ?? error.message;
}
