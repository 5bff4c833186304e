import { createHash } from "node:crypto";
import { pack } from "tar-stream";
import { receiverUid } from "../../core/server/instance.ts";
import { receiverPaths } from "../../core/server/receiver-container.ts";

/** An image ready to be built: `tar` is a build context with its Dockerfile at the root. */
export interface ReceiverImage {
  /** sha256 over everything in it: the same hash, the same image; `init` puts it into the tag. */
  readonly hash: string;
  readonly tar: () => AsyncIterable<Uint8Array>;
}

/** No memory is ever both written and run, as there is no JIT (hashes and signatures are native code anyway), and a small heap at rest. */
const nodeFlags = [
  "--jitless",
  "--lite-mode",
  "--max-semi-space-size=1",
  "--max-old-space-size=96",
];

/** Plans the receiver's image around its one file; Node itself is mounted from the host, see `nodeFiles`. */
export function receiverImage(bundle: Buffer): ReceiverImage {
  return {
    hash: createHash("sha256").update(dockerfile).update("\n").update(bundle).digest("hex"),
    tar: () => {
      const tar = pack();
      const [mode, mtime] = [0o644, new Date(0)];
      tar.entry({ name: "Dockerfile", mode, mtime }, dockerfile);
      tar.entry({ name: "receiver.mjs", mode, mtime }, bundle);
      tar.finalize();
      return tar as unknown as AsyncIterable<Uint8Array>;
    },
  };
}

const dockerfile = `FROM scratch
COPY receiver.mjs /receiver.mjs
ENV NODE_ENV=production LD_LIBRARY_PATH=${receiverPaths.libraries}
USER ${receiverUid}:${receiverUid}
ENTRYPOINT ${JSON.stringify([receiverPaths.node, ...nodeFlags, "/receiver.mjs"])}
`;
