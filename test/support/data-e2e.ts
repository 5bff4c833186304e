import assert from "node:assert/strict";
import { docker, type TestServer } from "./mypaas-e2e.ts";
import { makeSource, type Source, type SourceOptions } from "./source-e2e.ts";

/** Writes files whole and reads them: `/write?PATH=TEXT`, `/read?PATH`, `/owner?PATH`; answers 500 with the code of an error. */
const app = `
const fs = require("node:fs");
process.on("SIGTERM", () => process.exit(143));
require("node:http").createServer((req, res) => {
  const [what, query = ""] = decodeURIComponent(req.url).split("?");
  const [path, text = ""] = query.split("=");
  try {
    if (what === "/write") fs.writeFileSync(path, text);
    const { uid, gid } = what === "/" ? {} : fs.statSync(path);
    if (what === "/" || what === "/owner") return res.end(what === "/" ? "here" : uid + ":" + gid);
    res.end(fs.readFileSync(path));
  } catch (error) {
    res.writeHead(500).end(error.code);
  }
}).listen(Number(process.env.PORT));
`;

/** Lines of a Dockerfile that declare a volume as a base image does: no laptop can see the path. */
export const hiddenVolume = (path: string): readonly string[] => [
  `ENV HIDDEN=${path}`,
  "VOLUME $HIDDEN",
];

/** A service that keeps files where it is told to. */
export const makeStore = (
  server: TestServer,
  service: string,
  { files, ...options }: SourceOptions = {},
): Promise<Source> =>
  makeSource(server, service, { ...options, files: { ...files, "server.js": app } });

/** Asks a store, and returns what it answers or, as `error CODE`, why it could not. */
export async function ask(server: TestServer, { host }: Pick<Source, "host">, path: string) {
  const { status, body } = await server.get(host, path);
  return status === 200 ? body : `error ${status === 500 ? body : status}`;
}

/** Names of the volumes of the service's containers that Docker has named. */
export async function anonymousOf(server: TestServer, service: string) {
  const names = new Set<string>();
  for (const id of await server.containers(service, true)) {
    const { Mounts } = await docker.getContainer(id).inspect();
    for (const { Type, Name } of Mounts)
      if (Type === "volume" && Name !== undefined && /^[0-9a-f]{64}$/.test(Name)) names.add(Name);
  }
  return [...names].toSorted();
}

/** True where Docker has a volume of that name. */
export const hasVolume = (name: string): Promise<boolean> =>
  docker
    .getVolume(name)
    .inspect()
    .then(
      () => true,
      (error: { readonly statusCode?: number }) => {
        assert.equal(error.statusCode, 404);
        return false;
      },
    );
