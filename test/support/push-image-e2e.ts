import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { unpackPackage } from "../../scripts/machine/packages.ts";
import { mustRun, run, type Ran } from "../../scripts/machine/run.ts";
import type { TestServer } from "./mypaas-e2e.ts";

/** A laptop with a docker client and a token, and no mypaas. */
export interface ImageLaptop {
  readonly folder: string;
  /** Host and port as they stand in the name of an image. */
  readonly host: string;
  /** Makes an image of a tiny web server; returns its name. */
  readonly build: (name: string, more?: Built) => Promise<string>;
  readonly docker: (...args: readonly string[]) => Promise<Ran>;
  readonly login: (token: string) => Promise<Ran>;
  readonly remove: () => Promise<void>;
}

interface Built {
  /** What it answers with. */
  readonly page?: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** The words of its program. */
  readonly command?: readonly string[];
  readonly platform?: string;
  /** A file of its own layer, below what changes. */
  readonly big?: Uint8Array;
}

/** Images are 2 MB: a static busybox out of its Debian package, which serves a page. */
export async function openImageLaptop(server: TestServer): Promise<ImageLaptop> {
  const folder = await mkdtemp(join(tmpdir(), `${server.instance.name}-laptop-`));
  const host = `localhost:${server.instance.httpsPort}`;
  await unpackPackage("busybox-static", folder);
  const made = new Set<string>();
  const env = { ...process.env, DOCKER_CONFIG: join(folder, "docker"), DOCKER_BUILDKIT: "0" };
  const docker = (...args: readonly string[]) => run("docker", args, { env });
  return {
    folder,
    host,
    docker,
    login: (token) =>
      run("docker", ["login", host, "-u", "token", "--password-stdin"], { env, input: token }),
    build: async (name, more = {}) => {
      const {
        page = "first",
        labels = {},
        command = ["httpd", "-f", "-p", "8080", "-h", "/www"],
      } = more;
      const context = await mkdtemp(join(folder, "image-"));
      await mkdir(join(context, "www"));
      await mustRun("cp", [join(folder, "bin", "busybox"), context]);
      await writeFile(join(context, "www", "index.html"), page);
      if (more.big !== undefined) await writeFile(join(context, "big.bin"), more.big);
      const lines = [
        "FROM scratch",
        "COPY busybox /busybox",
        ...(more.big === undefined ? [] : ["COPY big.bin /big.bin"]),
        "COPY www /www",
        ...Object.entries(labels).map(([key, value]) => `LABEL ${key}="${value}"`),
        `CMD ${JSON.stringify(["/busybox", ...command])}`,
      ];
      await writeFile(join(context, "Dockerfile"), lines.join("\n"));
      const image = `${host}/${name}`;
      // Another suite may remove a step out of the cache that both would share.
      const args = ["build", "-q", "--no-cache", "-t", image, context];
      await mustRun("docker", args, { env });
      made.add(image);
      return image;
    },
    remove: async () => {
      if (made.size > 0) await docker("rmi", "-f", ...made);
      await rm(folder, { recursive: true, force: true });
    },
  };
}
