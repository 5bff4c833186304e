import { spawn } from "node:child_process";
import { createPublicKey, createSign, generateKeyPairSync, X509Certificate } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generate } from "selfsigned";
import { freePort } from "../../scripts/machine/ports.ts";

/** A registry on loopback (Debian's docker-registry) that wants a token for everything, and the server that gives them. */
export interface TokenRegistry {
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  /** Tokens given without credentials so far. */
  readonly anonymous: () => number;
  /** From now on nobody gets a token without credentials. */
  readonly refuse: (on: boolean) => void;
  readonly credentials: { readonly username: string; readonly password: string };
  /** Every `user:password` that it was ever shown. */
  readonly shown: () => ReadonlySet<string>;
  readonly close: () => Promise<void>;
}

const binary = "/usr/bin/docker-registry";

/** Starts both on free ports; needs Debian's package `docker-registry`. */
export async function startTokenRegistry(
  credentials = { username: "pusher", password: "only-for-this-test" },
): Promise<TokenRegistry> {
  const directory = await mkdtemp(join(tmpdir(), "mypaas-registry-"));
  const shown = new Set<string>();
  const basic = `Basic ${Buffer.from(`${credentials.username}:${credentials.password}`).toString("base64")}`;
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const pem = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  const { cert } = await generate([{ name: "commonName", value: "tokens" }], {
    keyPair: { privateKey: pem, publicKey: publicPem(pem) },
  });
  await writeFile(join(directory, "root.pem"), cert);
  let anonymous = 0;
  let refusing = false;
  const tokens = createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://tokens");
    request.resume();
    const { authorization } = request.headers;
    if (authorization !== undefined) shown.add(decode(authorization));
    const isKnown = authorization === basic;
    if (refusing && !isKnown) {
      response.writeHead(401).end('{"details":"no"}');
      return;
    }
    if (!isKnown) anonymous += 1;
    const scopes = url.searchParams.getAll("scope").flatMap((scope) => scope.split(" "));
    const access = scopes.map((scope) => {
      const [type, ...rest] = scope.split(":");
      const actions = (rest.pop() ?? "").split(",");
      const allowed = isKnown ? actions : actions.filter((action) => action === "pull");
      return { type, name: rest.join(":"), actions: allowed };
    });
    const token = sign({ pem, cert, access });
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify({ token, access_token: token, expires_in: 300 }));
  });
  tokens.listen(0, "127.0.0.1");
  await once(tokens, "listening");
  const port = await freePort();
  const realm = `http://127.0.0.1:${(tokens.address() as AddressInfo).port}/token`;
  const config = {
    version: "0.1",
    log: { level: "error", accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: join(directory, "data") } },
    http: { addr: `127.0.0.1:${port}` },
    auth: {
      token: {
        realm,
        service: "registry",
        issuer: "issuer",
        rootcertbundle: join(directory, "root.pem"),
      },
    },
  };
  const file = join(directory, "config.yml");
  await writeFile(file, JSON.stringify(config));
  const server = spawn(binary, ["serve", file], { stdio: "ignore" });
  await listening(port);
  return {
    host: `127.0.0.1:${port}`,
    anonymous: () => anonymous,
    refuse: (on) => {
      refusing = on;
    },
    credentials,
    shown: () => shown,
    close: async () => {
      server.kill("SIGKILL");
      tokens.closeAllConnections();
      tokens.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

const decode = (header: string): string =>
  Buffer.from(header.replace(/^Basic /, ""), "base64").toString();

function publicPem(pem: string): string {
  return createPublicKey(pem).export({ type: "spki", format: "pem" }).toString();
}

function sign(input: { pem: string; cert: string; access: unknown }): string {
  const der = new X509Certificate(input.cert).raw.toString("base64");
  const now = Math.floor(Date.now() / 1000);
  const header = { typ: "JWT", alg: "RS256", x5c: [der] };
  const claims = {
    iss: "issuer",
    sub: "",
    aud: "registry",
    exp: now + 300,
    nbf: now - 10,
    iat: now,
    jti: String(now),
    access: input.access,
  };
  const text = [header, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
    .join(".");
  return `${text}.${createSign("RSA-SHA256").update(text).sign(input.pem).toString("base64url")}`;
}

async function listening(port: number): Promise<void> {
  for (let round = 0; round < 100; round += 1) {
    const socket = connect(port, "127.0.0.1");
    try {
      await once(socket, "connect");
      socket.destroy();
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  throw new Error(`${binary} does not listen on ${port}`);
}
