// The program of git's jail that tells a forge about a commit: requests on its input, one line with the status of the answer on its output.
// It reaches the egress proxy alone, follows no redirect, and prints nothing that the forge has said. One file, no imports of ours.
import { readFileSync } from "node:fs";
import { request } from "node:http";
import { isIP } from "node:net";
import { connect } from "node:tls";
import type { Duplex } from "node:stream";

/** What the worker asks for, as JSON on the input. */
interface Order {
  readonly proxy: string;
  /** Certificates, PEM. */
  readonly ca: string;
  /** In this order; the first counts that is not answered with one of `elsewhere`. */
  readonly requests: readonly Posted[];
  readonly elsewhere: readonly number[];
}

interface Posted {
  readonly host: string;
  readonly port: number;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const longestMs = 20_000;

void run(JSON.parse(readFileSync(0, "utf8")) as Order);

async function run({ proxy, ca, requests, elsewhere }: Order): Promise<void> {
  let last: number | undefined;
  for (const posted of requests) {
    // oxlint-disable-next-line no-await-in-loop
    last = await post(posted, { proxy, ca }).catch(() => undefined);
    if (last === undefined || !elsewhere.includes(last)) break;
  }
  process.stdout.write(`${JSON.stringify({ status: last })}\n`, () => process.exit(0));
}

async function post(
  { host, port, path, headers, body }: Posted,
  { proxy, ca }: Pick<Order, "proxy" | "ca">,
): Promise<number> {
  const signal = AbortSignal.timeout(longestMs);
  const socket = await through(proxy, `${host.includes(":") ? `[${host}]` : host}:${port}`, signal);
  const secure = connect({
    socket,
    host,
    ca,
    ALPNProtocols: ["http/1.1"],
    ...(isIP(host) === 0 && { servername: host }),
  });
  return new Promise((resolve, reject) => {
    secure.on("error", reject);
    const asked = request({
      method: "POST",
      path,
      headers: {
        ...headers,
        host: port === 443 ? host : `${host}:${port}`,
        "user-agent": "mypaas",
        "content-length": Buffer.byteLength(body),
        connection: "close",
      },
      createConnection: () => secure,
      signal,
    });
    asked.on("error", reject);
    asked.on("response", (answer) => {
      answer.destroy();
      resolve(answer.statusCode ?? 0);
    });
    asked.end(body);
  });
}

function through(proxy: string, path: string, signal: AbortSignal): Promise<Duplex> {
  const { hostname, port } = new URL(proxy);
  return new Promise((resolve, reject) => {
    const asked = request({ host: hostname, port, method: "CONNECT", path, agent: false, signal });
    asked.on("error", reject);
    asked.on("connect", ({ statusCode }, socket) => {
      if (statusCode === 200) resolve(socket);
      else reject(new Error(`CONNECT answered ${statusCode}`));
    });
    asked.end();
  });
}
