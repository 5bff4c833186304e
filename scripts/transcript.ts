import { cp, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { ensureDocker } from "./machine/docker.ts";
import { ensureNodeImage, ensureTraefikImage } from "./machine/images.ts";
import {
  describeInstance,
  initInstance,
  mypaas,
  removeInstance,
  startWorker,
  stopWorker,
} from "./machine/instance.ts";
import { freePort } from "./machine/ports.ts";

/** Prints the README's everyday transcript by running its commands against a server of its own, which it removes again. */
const root = dirname(import.meta.dirname);
const commands = [
  "ps -r prod",
  "logs hello -n 3 -r prod",
  "env hello set GREETING=hello LOG=debug -r prod",
  "env hello -r prod",
  "scale hello 3 -r prod",
  "ps hello -r prod",
  "run hello -r prod -- node -p process.version",
  "exec hello -r prod -- node -p process.env.GREETING",
  "plan -r prod",
  "rollback hello 1 -r prod",
  "releases hello -r prod",
  "stop hello -r prod",
  "start hello -r prod",
  "remove hello --yes -r prod",
];

await ensureDocker();
const folder = await mkdtemp(join(tmpdir(), "mypaas-transcript-"));
const instance = describeInstance({
  name: "mypaas-transcript",
  folder,
  httpPort: await freePort(),
  httpsPort: await freePort(),
  program: join(root, "bin", "mypaas.ts"),
  traefik: ["--traefik-image", await ensureTraefikImage()],
});
const line = await initInstance(instance);
const worker = await startWorker(instance);
try {
  const app = join(folder, "hello");
  await cp(join(root, "examples", "hello"), app, { recursive: true });
  const dockerfile = join(app, "Dockerfile");
  const text = await readFile(dockerfile, "utf8");
  await writeFile(dockerfile, text.replace("node:24-slim", await ensureNodeImage()));
  for (const words of [`remote add prod ${line}`, "push prod"])
    await mypaas(instance, words.split(" "), { cwd: app });
  for (const words of commands) {
    const { out, err } = await mypaas(instance, words.split(" "), { cwd: app });
    console.log(`$ mypaas ${words}\n${err}${out}`.trimEnd());
  }
} finally {
  await stopWorker(worker.pid ?? -1);
  await removeInstance(instance);
}
