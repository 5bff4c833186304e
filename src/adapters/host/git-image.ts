import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { pack } from "tar-stream";
import { UserError } from "../../core/errors.ts";
import { jailUid } from "../../core/server/uids.ts";
import { codeOf, ifThere } from "../files.ts";

/** An image to build: `tar` is a build context with its Dockerfile at the root. */
export interface GitImage {
  /** Changes with every update of the host's git and of mypaas. */
  readonly hash: string;
  readonly tar: () => AsyncIterable<Uint8Array>;
}

const isCheckout = import.meta.filename.endsWith(".ts");

/** Paths in the jail of git. */
export const gitJailPaths = {
  git: "/usr/bin/git",
  /** Node is mounted from the host, see `nodeFiles`. */
  node: "/node",
  /** A checkout has it as TypeScript, which Node reads as well. */
  program: `/jail/git-jail.${isCheckout ? "mts" : "mjs"}`,
  /** The program that fetches. */
  fetch: `/jail/git-fetch.${isCheckout ? "mts" : "mjs"}`,
  /** The program that tells a forge about a commit. */
  status: `/jail/forge-status.${isCheckout ? "mts" : "mjs"}`,
  hooks: "/jail/hooks",
} as const;

/** Plans the image of the jail around the host's own git, so that an update of the host reaches it. Throws UserError where there is no git. */
export async function gitImage(packageRoot: string): Promise<GitImage> {
  const found = await hostGit();
  const [program, fetch, status] = await Promise.all(
    ["git-jail", "git-fetch", "forge-status"].map((name) => jailProgram(packageRoot, name)),
  );
  const facts = await Promise.all(
    found.map(async (path) => {
      const { size, mtimeMs } = await stat(path);
      return [path, size, mtimeMs];
    }),
  );
  const own: readonly (readonly [string, Buffer | string, number])[] = [
    ["Dockerfile", dockerfile, 0o644],
    // Git asks for the name of its user.
    ["root/etc/passwd", `jail:x:${jailUid}:${jailUid}::/tmp:/none\n`, 0o644],
    [`root${gitJailPaths.program}`, program ?? "", 0o644],
    [`root${gitJailPaths.fetch}`, fetch ?? "", 0o644],
    [`root${gitJailPaths.status}`, status ?? "", 0o644],
    [`root${gitJailPaths.hooks}/pre-receive`, hook, 0o755],
  ];
  const hash = createHash("sha256")
    .update(JSON.stringify([facts, own]))
    .digest("hex");
  return {
    hash,
    tar: () => {
      const tar = pack();
      const mtime = new Date(0);
      const fill = async () => {
        for (const [name, bytes, mode] of own) tar.entry({ name, mode, mtime }, bytes);
        // oxlint-disable-next-line no-await-in-loop
        for (const path of found)
          tar.entry({ name: `root${path}`, mode: 0o755, mtime }, await readFile(path));
        tar.finalize();
      };
      fill().catch((error: unknown) => tar.destroy(error instanceof Error ? error : undefined));
      return tar as unknown as AsyncIterable<Uint8Array>;
    },
  };
}

const dockerfile = `FROM scratch
COPY root/ /
ENV PATH=/usr/bin HOME=/tmp LC_ALL=C GIT_CONFIG_NOSYSTEM=1 GIT_TERMINAL_PROMPT=0
USER ${jailUid}:${jailUid}
`;

const hook = `#!${gitJailPaths.node}\nimport("${gitJailPaths.program}").then(({ preReceive }) => preReceive());\n`;

/** Git, what it needs for https and for ssh, their libraries and their loader, as absolute paths that the programs name. */
async function hostGit(): Promise<readonly string[]> {
  const folder = (await run("git", ["--exec-path"])).trim();
  const https = join(folder, "git-remote-https");
  const helpers: string[] = [];
  for (const path of [https, "/usr/bin/ssh"])
    if ((await ifThere(stat(path))) !== undefined) helpers.push(path);
  const linked = await run("ldd", [gitJailPaths.git, ...helpers]);
  const libraries = [...linked.matchAll(/(?:=> |^\s+)(\/\S+) \(0x/gm)].map(([, path = ""]) => path);
  return [...new Set([gitJailPaths.git, ...helpers, ...libraries])].toSorted();
}

async function run(program: string, args: readonly string[]): Promise<string> {
  try {
    return (
      await promisify(execFile)(program, args, { env: { PATH: "/usr/bin:/bin", LC_ALL: "C" } })
    ).stdout;
  } catch (cause) {
    const isMissing = codeOf(cause) === "ENOENT";
    throw new UserError(
      isMissing
        ? `${program}: not installed on this server`
        : `${program} ${args.join(" ")}: failed`,
      { code: "no-git", hint: "install it, on Debian and Ubuntu: apt-get install git", cause },
    );
  }
}

/** A program of the jail is one file without imports of ours. */
const jailProgram = (packageRoot: string, name: string): Promise<Buffer> =>
  readFile(
    join(packageRoot, ...(isCheckout ? ["bin", `${name}.ts`] : ["dist", "bin", `${name}.js`])),
  );
