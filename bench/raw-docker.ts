import { readdir, readFile } from "node:fs/promises";
import { request } from "node:http";
import { join } from "node:path";
import { pack } from "tar-stream";
import { dockerSocket } from "../scripts/machine/docker.ts";

/** The floor: tar, build, create, start behind a router of higher priority, wait for the new bytes, remove the old. Nothing is held, probed or drained, so requests fail meanwhile. */
const [instance = "", folder = "", host = "", round = ""] = process.argv.slice(2);
const name = `${instance}-floor-${round}`;

const tar = pack();
for (const file of await readdir(folder))
  tar.entry({ name: file }, await readFile(join(folder, file)));
tar.finalize();
const chunks: Buffer[] = [];
for await (const chunk of tar as AsyncIterable<Buffer>) chunks.push(chunk);
const tag = `${instance}/floor:r${round}`;
const query = new URLSearchParams({ t: tag, version: "2", dockerfile: "Dockerfile" });
const built = await call(
  "POST",
  `/build?${query.toString()}`,
  Buffer.concat(chunks),
  "application/x-tar",
);
if (!built.includes("moby.image.id")) throw new Error(`no image:\n${built}`);

const router = `traefik.http.routers.floor-${round}`;
const options = {
  Image: tag,
  Labels: {
    "mypaas.instance": instance,
    bench: "floor",
    "traefik.enable": "true",
    "traefik.docker.network": instance,
    [`${router}.rule`]: `Host(\`${host}\`)`,
    [`${router}.priority`]: String(1000 + Number(round)),
    [`${router}.entrypoints`]: "web",
    [`traefik.http.services.floor-${round}.loadbalancer.server.port`]: "3000",
  },
  HostConfig: { NetworkMode: instance, Init: true },
};
const text = JSON.stringify(options);
const made = await call("POST", `/containers/create?name=${name}`, text, "application/json");
const { Id: id } = JSON.parse(made) as { readonly Id: string };
await call("POST", `/containers/${id}/start`);

const wanted = await readFile(join(folder, "version.txt"), "utf8");
const port = Number(process.env["MYPAAS_BENCH_PORT"]);
while ((await served()) !== wanted) await new Promise((resolve) => setTimeout(resolve, 5));

const filters = encodeURIComponent(
  JSON.stringify({ label: [`mypaas.instance=${instance}`, "bench=floor"] }),
);
const list = JSON.parse(await call("GET", `/containers/json?filters=${filters}`)) as {
  readonly Id: string;
}[];
for (const { Id } of list.filter((one) => one.Id !== id))
  await call("DELETE", `/containers/${Id}?force=true`);

function call(method: string, path: string, body?: Buffer | string, type?: string) {
  return ask(
    { socketPath: dockerSocket, method, path, headers: type ? { "content-type": type } : {} },
    body,
  );
}

function served(): Promise<string> {
  const options = { host: "127.0.0.1", port, headers: { host }, agent: false };
  return ask(options).catch(() => "");
}

function ask(options: Parameters<typeof request>[1], body?: Buffer | string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const asked = request(options as object, (answer) => {
    let text = "";
    answer.setEncoding("utf8").on("data", (more: string) => (text += more));
    answer.on("error", reject).on("end", () => {
      const code = answer.statusCode ?? 0;
      if (code < 300) resolve(text);
      else reject(new Error(`${code} ${text}`));
    });
  });
  asked.on("error", reject);
  asked.end(body);
  return promise;
}
