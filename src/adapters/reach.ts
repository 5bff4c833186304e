import { promises as dns } from "node:dns";
import { request, type ClientRequest, type IncomingMessage } from "node:http";
import { connect } from "node:net";
import { networkInterfaces } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { codeOf } from "./files.ts";

/** Opens a TCP connection and closes it. Rejects without a connection within `ms`. */
export const reachPort = (host: string, port: number, ms: number): Promise<void> =>
  new Promise((resolve, reject) => {
    const socket = connect({ host, port });
    const silent = new Error(`no answer within ${Math.round(ms / 1000)} s`);
    const timer = setTimeout(() => socket.destroy(silent), ms);
    socket.once("close", () => clearTimeout(timer)).once("error", reject);
    socket.once("connect", () => {
      resolve();
      socket.destroy();
    });
  });

/** Status of one HTTP request. Rejects when the port does not speak HTTP. */
export async function httpStatus(host: string, port: number, ms: number): Promise<number> {
  const headers = { host: "mypaas.invalid" };
  const options = { host, port, headers, agent: false, signal: AbortSignal.timeout(ms) } as const;
  return (await headOf(request({ ...options, method: "HEAD" }))).statusCode ?? 0;
}

/** Where a URL redirects to; undefined for any other answer. The certificate is not checked. */
export async function redirectOf(url: string, ms: number): Promise<string | undefined> {
  const { request: secureRequest } = await import("node:https");
  const options = { agent: false, rejectUnauthorized: false, signal: AbortSignal.timeout(ms) };
  const answer = await headOf(secureRequest(url, { ...options, method: "HEAD" }));
  const { statusCode = 0, headers } = answer;
  return statusCode >= 300 && statusCode < 400 ? headers.location : undefined;
}

/** Sends a request and gives the head of its answer; the rest is not read. */
export const headOf = (outgoing: ClientRequest): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    outgoing.on("error", reject).on("response", (response) => {
      resolve(response);
      response.destroy();
    });
    outgoing.end();
  });

/** Addresses from this machine's resolver, sorted. Empty for an unknown name, undefined without an answer within 4 s. */
export async function lookUp(host: string): Promise<readonly string[] | undefined> {
  const timer = new AbortController();
  try {
    const silence = sleep(resolverMs, undefined, { signal: timer.signal });
    const found = await Promise.race([dns.lookup(host, { all: true }), silence]);
    return found && [...new Set(found.map(({ address }) => address))].toSorted();
  } catch (error) {
    return codeOf(error) === "ENOTFOUND" ? [] : undefined;
  } finally {
    timer.abort();
  }
}

const resolverMs = 4000;

/** Addresses of this machine that others can reach, without Docker's bridges. */
export const ownAddresses = (): readonly string[] =>
  Object.entries(networkInterfaces())
    .filter(([name]) => !/^(docker|br-|veth)/.test(name))
    .flatMap(([, addresses]) => addresses ?? [])
    .filter(({ internal, address }) => !internal && !address.startsWith("fe80:"))
    .map(({ address }) => address);
