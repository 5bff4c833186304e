import { randomUUID } from "node:crypto";
import { mkdtemp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { TestServer } from "./mypaas-e2e.ts";
import { nodeImage } from "./images.ts";

/** The folder of a service on the laptop. */
export interface Source {
  readonly service: string;
  readonly host: string;
  readonly folder: string;
  readonly write: (name: string, text: string | Uint8Array) => Promise<void>;
}

export interface SourceOptions {
  /** `key = value` of more comments. */
  readonly keys?: readonly string[];
  /** Lines between COPY and CMD. */
  readonly build?: readonly string[];
  readonly from?: string;
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
}

/** Answers with `page.txt`; a slow path, an echo, and `/env?NAME` for the sha256 of a variable. */
const app = `
const { readFileSync } = require("node:fs");
const { createHash } = require("node:crypto");
const page = readFileSync("page.txt", "utf8");
process.on("SIGTERM", () => process.exit(143));
require("node:http").createServer((req, res) => {
  if (req.url === "/slow") return setTimeout(() => res.end("slow"), 1500);
  if (req.url === "/health") return res.writeHead(page.includes("sick") ? 500 : 200).end();
  if (req.url.startsWith("/env?"))
    return res.end(createHash("sha256").update(process.env[req.url.slice(5)] ?? "").digest("hex"));
  if (req.url === "/echo") {
    const chunks = [];
    return req.on("data", (chunk) => chunks.push(chunk)).on("end", () => res.end(Buffer.concat(chunks)));
  }
  res.end(page);
}).listen(Number(process.env.PORT));
`;

/** Writes the source of a small Node service to the laptop. */
export async function makeSource(
  server: TestServer,
  service: string,
  options: SourceOptions = {},
): Promise<Source> {
  const folder = await mkdtemp(join(server.instance.folder, `${service}-`));
  const host = `${service}.example.test`;
  const write = (name: string, text: string | Uint8Array) => writeFile(join(folder, name), text);
  const files = { "server.js": app, "page.txt": "first page", ...options.files };
  for (const [name, text] of Object.entries(files)) await write(name, text);
  const source = { service, host, folder, write };
  await writeDockerfile(source, options);
  return source;
}

/** Writes its Dockerfile anew. */
export async function writeDockerfile(source: Source, options: SourceOptions = {}): Promise<void> {
  const { service, host } = source;
  const keys = [`servicename = ${service}`, `domain = ${host}`, "port = 3000"];
  const lines = [
    ...[...keys, ...(options.keys ?? [])].map((key) => `# mypaas.${key}`),
    `FROM ${options.from ?? nodeImage}`,
    "WORKDIR /app",
    "COPY . ./",
    ...(options.build ?? []),
    'CMD ["node", "server.js"]',
  ];
  await source.write("Dockerfile", `${lines.join("\n")}\n`);
}

/** A build step that says what it does for a while, for tests that act in the middle of a build; never in the cache of an earlier run. */
export const slowStep = (ms: number): string =>
  `RUN ["node", "-e", "console.log('the slow step began'); setTimeout(() => {}, ${ms}, '${randomUUID()}')"]`;
