import { spawn, execFileSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import { createGunzip } from "node:zlib";
import { bridgeAddress } from "./bridge-address.ts";
import type { TestLeaf } from "./test-ca.ts";

/** A forge of the test: git's own upload-pack behind https, on the address where containers reach this machine. */
export interface Forge {
  readonly address: string;
  readonly port: number;
  /** Commits files on a branch of a repository, in the place of all others; returns the commit. */
  readonly commit: (
    repository: string,
    files: Readonly<Record<string, string | Uint8Array>>,
    branch?: string,
  ) => string;
  /** Lines such as `GET /app/info/refs`. */
  readonly asked: string[];
  /** While it is set, no answer is given to fetches. */
  readonly stall: (on: boolean) => void;
  /** Takes the status of commits as this one does, whose token is `forgeToken`, or answers with another status. */
  readonly api: (kind: ForgeKind, answer?: number) => void;
  /** What came there. */
  readonly statuses: ForgeStatus[];
  readonly close: () => void;
}

export type ForgeKind = "gitea" | "gitlab" | "github";

export interface ForgeStatus {
  readonly commit: string;
  readonly state: string;
  readonly context: string;
  readonly description: string;
}

/** Paths and tokens as the documentation of each API has them. */
const apis: Readonly<
  Record<ForgeKind, { readonly path: RegExp; readonly token: readonly [string, string] }>
> = {
  gitea: {
    path: /^\/api\/v1\/repos\/ann\/[\w-]+\/statuses\/([0-9a-f]{40})$/,
    token: ["authorization", "token "],
  },
  gitlab: {
    path: /^\/api\/v4\/projects\/ann%2F[\w-]+\/statuses\/([0-9a-f]{40})$/,
    token: ["private-token", ""],
  },
  github: {
    path: /^\/api\/v3\/repos\/ann\/[\w-]+\/statuses\/([0-9a-f]{40})$/,
    token: ["authorization", "Bearer "],
  },
};

/** Repositories whose name begins with `private` want this token. */
export const forgeToken = "tok-of-the-forge";

const git = (cwd: string, ...args: readonly string[]): string =>
  execFileSync("git", args, {
    cwd,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      PATH: process.env["PATH"],
      HOME: cwd,
      GIT_CONFIG_NOSYSTEM: "1",
      GIT_AUTHOR_NAME: "ann",
      GIT_AUTHOR_EMAIL: "ann@example.test",
      GIT_COMMITTER_NAME: "ann",
      GIT_COMMITTER_EMAIL: "ann@example.test",
    },
  }).trim();

/** Starts it; `folder` holds its repositories. */
export async function startForge(folder: string, leaf: TestLeaf): Promise<Forge> {
  const address = await bridgeAddress();
  const asked: string[] = [];
  let isStalled = false;
  let api: { readonly kind: ForgeKind; readonly answer: number } = { kind: "gitea", answer: 201 };
  const statuses: ForgeStatus[] = [];
  const server = createServer({ key: leaf.key, cert: leaf.chain }, (request, response) => {
    const url = new URL(request.url ?? "/", "https://forge.test");
    asked.push(`${request.method} ${url.pathname}`);
    if (url.pathname.startsWith("/moved")) {
      response.writeHead(302, { location: "https://169.254.169.254/latest/meta-data/" }).end();
      return;
    }
    if (url.pathname.startsWith("/api/")) {
      const { path, token } = apis[api.kind];
      const [, commit] = path.exec(url.pathname) ?? [];
      const [header, word] = token;
      const isKnown = request.headers[header] === `${word}${forgeToken}`;
      let body = "";
      request.setEncoding("utf8").on("data", (piece: string) => (body += piece));
      request.on("end", () => {
        const answer = commit === undefined ? 404 : isKnown ? api.answer : 401;
        if (commit !== undefined && answer === 201)
          statuses.push({ ...(JSON.parse(body) as ForgeStatus), commit });
        response.writeHead(answer).end("{}");
      });
      return;
    }
    const [, name = "", service] =
      /^\/(?:ann\/)?([\w-]+)\/(info\/refs|git-upload-pack)$/.exec(
        url.pathname.replace(/\.git\//, "/"),
      ) ?? [];
    if (service === undefined || !existsSync(join(folder, name)))
      return void response.writeHead(404).end();
    const given = request.headers.authorization ?? "";
    const [, password] = Buffer.from(given.replace("Basic ", ""), "base64").toString().split(":");
    if (name.startsWith("private") && password !== forgeToken) {
      response.writeHead(401, { "www-authenticate": "Basic realm=forge" }).end();
      return;
    }
    if (isStalled && service !== "info/refs") return;
    const isAdvertised = service === "info/refs";
    const what = isAdvertised ? "advertisement" : "result";
    response.writeHead(200, { "content-type": `application/x-git-upload-pack-${what}` });
    if (isAdvertised) response.write("001e# service=git-upload-pack\n0000");
    const args = ["-c", "uploadpack.allowAnySHA1InWant=true", "-c", "safe.directory=*"];
    const child = spawn(
      "git",
      [
        ...args,
        "upload-pack",
        "--stateless-rpc",
        ...(isAdvertised ? ["--advertise-refs"] : []),
        join(folder, name),
      ],
      { env: { ...process.env, GIT_PROTOCOL: String(request.headers["git-protocol"] ?? "") } },
    );
    child.on("error", () => response.destroy());
    child.stdin.on("error", () => undefined);
    const isZipped = request.headers["content-encoding"] === "gzip";
    (isZipped ? request.pipe(createGunzip()) : request).pipe(child.stdin);
    child.stdout.pipe(response);
    response.on("close", () => child.kill());
  });
  server.listen(0, address);
  await once(server, "listening");
  return {
    address,
    port: (server.address() as AddressInfo).port,
    asked,
    commit: (repository, files, branch = "main") => {
      const place = join(folder, repository);
      mkdirSync(place, { recursive: true });
      git(place, "init", "-q", "-b", branch);
      git(place, "config", "core.bigFileThreshold", "1m");
      git(place, "config", "core.compression", "0");
      git(place, "symbolic-ref", "HEAD", `refs/heads/${branch}`);
      git(place, "rm", "-r", "-q", "--cached", "--ignore-unmatch", ".");
      for (const [name, text] of Object.entries(files)) {
        mkdirSync(dirname(join(place, name)), { recursive: true });
        writeFileSync(join(place, name), text);
        git(place, "add", "-f", name);
      }
      git(place, "commit", "-q", "--allow-empty", "-m", `change of ${branch}`);
      return git(place, "rev-parse", "HEAD");
    },
    api: (kind, answer = 201) => {
      api = { kind, answer };
    },
    statuses,
    stall: (on) => {
      isStalled = on;
    },
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
