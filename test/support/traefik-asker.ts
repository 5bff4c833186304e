import { request } from "node:http";
import { request as requestHttps } from "node:https";

/** Asks a Traefik on loopback for URLs of any host; each question has a connection of its own. */
export function askerAt(ports: { readonly http: number; readonly https: number }) {
  /** `status release path`, or `status release location` of a redirect. */
  async function ask(url: string): Promise<string> {
    const { status, headers, body } = await fetchUrl(url);
    const name = headers.get("x-mypaas-release") ?? "-";
    const location = headers.get("location");
    if (location !== undefined) return `${status} ${name} ${location}`;
    return `${status} ${name} ${status === 200 ? JSON.parse(body).path : "-"}`;
  }

  async function fetchUrl(url: string, more: Readonly<Record<string, string>> = {}, body = "") {
    const { protocol, pathname, search } = new URL(url);
    const host = /^https?:\/\/([^/]+)/.exec(url)?.[1] ?? "";
    const options = {
      host: "127.0.0.1",
      path: pathname + search,
      method: body === "" ? "GET" : "POST",
      headers: { ...more, host },
      agent: false as const,
      signal: AbortSignal.timeout(20_000),
    };
    const { promise, resolve, reject } = Promise.withResolvers<{
      status: number;
      headers: ReadonlyMap<string, string>;
      body: string;
    }>();
    const asked =
      protocol === "https:"
        ? requestHttps({
            ...options,
            port: ports.https,
            servername: host,
            rejectUnauthorized: false,
          })
        : request({ ...options, port: ports.http });
    asked.on("response", (response) => {
      let answer = "";
      response.setEncoding("utf8").on("data", (text: string) => (answer += text));
      response.on("end", () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: new Map(
            Object.entries(response.headers).map(([name, value]) => [name, String(value)]),
          ),
          body: answer,
        }),
      );
    });
    asked.on("error", reject).end(body);
    return promise;
  }
  return { ask, fetchUrl };
}
