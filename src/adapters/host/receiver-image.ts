import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { pack } from "tar-stream";
import { receiverUid } from "../../core/server/uids.ts";
import { receiverPaths } from "../../core/server/receiver-container.ts";

/** An image to build: `tar` is a build context with its Dockerfile at the root. */
export interface ReceiverImage {
  /** sha256 of the whole content; `init` puts it into the image's tag. */
  readonly hash: string;
  readonly tar: () => AsyncIterable<Uint8Array>;
}

/** Without a JIT, no memory is both written and executed; hashes and signatures are native code anyway. The heap stays small. */
const nodeFlags = [
  "--jitless",
  "--lite-mode",
  "--max-semi-space-size=1",
  "--max-old-space-size=96",
];

/** The programs of mypaas that run in containers of their own. */
export type ContainerProgram = "receiver" | "relay" | "egress";

/** Plans the image of a program's one file. Node is mounted from the host, see `nodeFiles`. */
export function receiverImage(
  bundle: Buffer,
  program: ContainerProgram = "receiver",
): ReceiverImage {
  const dockerfile = dockerfileOf(program);
  return {
    hash: createHash("sha256").update(dockerfile).update("\n").update(bundle).digest("hex"),
    tar: () => {
      const tar = pack();
      const [mode, mtime] = [0o644, new Date(0)];
      tar.entry({ name: "Dockerfile", mode, mtime }, dockerfile);
      tar.entry({ name: `${program}.mjs`, mode, mtime }, bundle);
      tar.finalize();
      return tar as unknown as AsyncIterable<Uint8Array>;
    },
  };
}

const dockerfileOf = (program: ContainerProgram): string => `FROM scratch
COPY ${program}.mjs /${program}.mjs
ENV NODE_ENV=production LD_LIBRARY_PATH=${receiverPaths.libraries}
USER ${receiverUid}:${receiverUid}
ENTRYPOINT ${JSON.stringify([receiverPaths.node, ...nodeFlags, `/${program}.mjs`])}
`;

/** A program's one file: in a package from the build, in a checkout built now. */
export async function receiverBundle(
  packageRoot: string,
  program: ContainerProgram = "receiver",
): Promise<Buffer> {
  if (!import.meta.filename.endsWith(".ts"))
    return readFile(join(packageRoot, "dist", `${program}.js`));
  // The path is built here, because tsc must not include a script in the package.
  const script: unknown = await import(
    pathToFileURL(join(packageRoot, "scripts", "bundle-receiver.ts")).href
  );
  const { bundleReceiver } = script as {
    bundleReceiver: (root: string, program: ContainerProgram) => Promise<Buffer>;
  };
  return bundleReceiver(packageRoot, program);
}
