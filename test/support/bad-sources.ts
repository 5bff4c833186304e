import { nodeImage } from "./images.ts";

/** A release that cannot take over, and what a person is told about it. */
export interface BadRelease {
  /** `key = value` of comments beside those that every case has. */
  readonly keys?: readonly string[];
  /** The program; a good one when left out. */
  readonly program?: string;
  /** Lines before CMD. */
  readonly build?: readonly string[];
  readonly cmd?: string;
  readonly message: RegExp;
  readonly hint?: string;
  readonly details?: readonly string[];
}

const place = String.raw`deploy web\.[12]`;
const after = String.raw`, [\d.]+ m?s after start`;
const late = String.raw`after [23](\.\d)? s`;
const said = (text: string): RegExp => new RegExp(`^${place}: ${text}$`);
const answer = `require("node:http").createServer((req, res) => res.writeHead(404).end())`;
const checkHint =
  "set # mypaas.healthcheck to a path that answers 2xx or 3xx, or raise # mypaas.start-timeout";
const portHint = "set # mypaas.port to the port it listens on, or raise # mypaas.start-timeout";

/** Everything that goes wrong between a push and its cut-over, by what the release does. */
export const badReleases: Readonly<Record<string, BadRelease>> = {
  "lacks a variable": {
    keys: ["env = DB_PASSWORD"],
    message: /^env DB_PASSWORD: not set on the server$/,
    hint: "run: mypaas env web set DB_PASSWORD=… -r prod",
  },
  "cannot be built": {
    build: [`RUN ["node", "-e", "console.error('no such module: left-pad'); process.exit(7)"]`],
    message: /^build web: step "RUN \["node", .*\]" stopped with exit code 7$/,
    details: ["no such module: left-pad"],
  },
  "is built with a shell that its image does not have": {
    build: ["RUN echo hello"],
    message: /^build web: step "RUN echo hello": cannot run \/bin\/sh: no such file or directory$/,
    hint: 'use a base image with a shell, or write the step as RUN ["program", "argument"]',
  },
  "exits at once": {
    program: `console.error("cannot find the database"); process.exit(3);`,
    message: said(`container stopped with exit code 3${after}`),
    details: ["cannot find the database"],
  },
  "has done its work": {
    program: `console.log("all done");`,
    message: said(`container stopped with exit code 0${after}`),
    hint: "let CMD run in the foreground: a container ends with it",
    details: ["all done"],
  },
  "exits 200 ms after it opened its port": {
    program: `${answer}.listen(3000, () => setTimeout(() => { console.error("lost the database"); process.exit(9); }, 200));`,
    message: said(`container stopped with exit code 9${after}`),
    details: ["lost the database"],
  },
  "never listens": {
    program: `console.log("working on it"); setInterval(() => {}, 1000);`,
    message: said(`nothing listens on port 3000 ${late}`),
    hint: portHint,
    details: ["working on it"],
  },
  "is slower than its time": {
    program: `console.log("booting"); setTimeout(() => ${answer}.listen(3000), 9000);`,
    message: said(`nothing listens on port 3000 ${late}`),
    hint: portHint,
    details: ["booting"],
  },
  "listens on another port": {
    program: `${answer}.listen(8080);`,
    message: said("listens on port 8080, not on port 3000"),
    hint: "set # mypaas.port = 8080, or listen on the port in $PORT",
  },
  "listens on 127.0.0.1 only": {
    program: `${answer}.listen(3000, "127.0.0.1");`,
    message: said("listens on 127.0.0.1:3000 only, which nothing outside its container reaches"),
    hint: "listen on 0.0.0.0:3000",
  },
  "answers its health check with 404": {
    keys: ["healthcheck = /health"],
    program: `${answer}.listen(3000);`,
    message: said(`/health still answers 404 ${late}`),
    hint: checkHint,
  },
  "answers its health check with 500": {
    keys: ["healthcheck = /health"],
    program: `require("node:http").createServer((req, res) => { console.log(req.url); res.writeHead(500).end(); }).listen(3000);`,
    message: said(`/health still answers 500 ${late}`),
    hint: checkHint,
    details: Array.from({ length: 20 }, () => "/health"),
  },
  "never answers its health check": {
    keys: ["healthcheck = /health"],
    program: `require("node:http").createServer(() => {}).listen(3000);`,
    message: said(`/health gives no answer ${late}`),
    hint: checkHint,
  },
  "fails its own HEALTHCHECK": {
    build: [
      `HEALTHCHECK --interval=1s --retries=9 CMD ["node", "-e", "console.log('queue is full'); process.exit(1)"]`,
    ],
    message: said(`the image's HEALTHCHECK says starting ${late}: queue is full`),
    hint: "correct HEALTHCHECK in the Dockerfile, or raise # mypaas.start-timeout",
  },
  "needs a shell for its HEALTHCHECK": {
    build: ["HEALTHCHECK --interval=1s --retries=9 CMD node check.js"],
    message: said("the image's HEALTHCHECK cannot run /bin/sh: the image has no shell"),
    hint: 'write it as a JSON array, such as: HEALTHCHECK CMD ["node", "check.js"]',
  },
  "uses more memory than it may": {
    keys: ["maxmem = 64m"],
    program: `console.log("loading"); const all = []; setInterval(() => all.push(Buffer.alloc(2e7, 1)), 10);`,
    message: said(`container was killed for using more than mypaas\\.maxmem = 64m${after}`),
    hint: "raise # mypaas.maxmem",
    details: ["loading"],
  },
  "is built for another processor": {
    cmd: `CMD ["./other"]`,
    message: said(
      String.raw`container could not start: cannot run \./other: exec format error: it is built for s390x, this server is \w+`,
    ),
    hint: "build for this server's processor, from a base image that its program fits",
    details: ["[FATAL tini (7)] exec ./other failed: No such file or directory"],
  },
  "needs a shell that its image does not have": {
    cmd: "CMD node server.js",
    message: said("container could not start: cannot run /bin/sh: the image has no shell"),
    hint: 'write CMD and ENTRYPOINT as JSON arrays, such as: CMD ["node", "server.js"]',
    details: ["[FATAL tini (7)] exec /bin/sh failed: No such file or directory"],
  },
};

/** The Dockerfile of such a release. */
export function badDockerfile(
  { service, host }: { readonly service: string; readonly host: string },
  {
    keys = [],
    build = [],
    cmd = `CMD ["node", "server.js"]`,
  }: Pick<BadRelease, "keys" | "build" | "cmd">,
  common: readonly string[],
): string {
  const all = [`servicename = ${service}`, `domain = ${host}`, ...common, ...keys];
  return [
    ...all.map((key) => `# mypaas.${key}`),
    `FROM ${nodeImage}`,
    "WORKDIR /app",
    "COPY . ./",
    ...build,
    cmd,
    "",
  ].join("\n");
}

/** The header of a program for a processor that no server of ours has (elf(5)). */
export function foreignProgram(): Buffer {
  const bytes = Buffer.alloc(64);
  bytes.write("\x7fELF\x02\x02\x01", "latin1");
  bytes.writeUInt16BE(2, 16);
  bytes.writeUInt16BE(22, 18);
  return bytes;
}
