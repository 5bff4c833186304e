import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** One image or kind of app that was tried. */
export interface Tried {
  readonly what: string;
  /** What its project needs beside the usual keys, or what mypaas does about it. */
  readonly how: string;
  readonly runs: "yes" | "no";
  /** The end-to-end suite and the title of the test that tries it. */
  readonly suite: string;
  readonly test: string;
}

/** Add a row here, then run `node scripts/docs.ts`. */
export const tried: readonly Tried[] = [
  {
    what: "PostgreSQL 15: `VOLUME`, `STOPSIGNAL SIGINT`, gosu, scripts for the first start",
    how: "`volume = data:/var/lib/postgresql/data`",
    runs: "yes",
    suite: "images",
    test: "PostgreSQL keeps its data over push, restart, stop and start, and is shut down each time",
  },
  {
    what: "PostgreSQL's parallel queries, and others that need more than 64 MB of `/dev/shm`",
    how: "`shm = 256m`",
    runs: "yes",
    suite: "images",
    test: "a parallel hash join needs more of /dev/shm than Docker gives, and has it with mypaas.shm",
  },
  {
    what: "MariaDB 10.11: `VOLUME`, gosu, scripts for the first start",
    how: "`volume = data:/var/lib/mysql`, a longer `stop-timeout` for large data",
    runs: "yes",
    suite: "images",
    test: "a PHP app behind Apache and its MariaDB keep their data, and both are shut down each time",
  },
  {
    what: "PHP with Apache, as WordPress comes: `STOPSIGNAL SIGWINCH`, the app copied into its volume",
    how: "`volume = html:/var/www/html`",
    runs: "yes",
    suite: "images",
    test: "a PHP app behind Apache and its MariaDB keep their data, and both are shut down each time",
  },
  {
    what: "Redis with the entrypoint of version 8, which drops all capabilities by `setpriv`",
    how: "`volume = data:/data`",
    runs: "yes",
    suite: "images",
    test: "Redis 8's way to give up capabilities works, and its data is saved at each stop",
  },
  {
    what: "nginx: `STOPSIGNAL SIGQUIT`, templates at the start, logs to stdout",
    how: "`ulimit = nofile=65536` for many connections",
    runs: "yes",
    suite: "images",
    test: "nginx ends by SIGQUIT while requests come in, and none is lost",
  },
  {
    what: "images with s6, such as s6-overlay 3: `/init` has to be process 1",
    how: "`init = false`; without it mypaas finds out at each start",
    runs: "yes",
    suite: "images",
    test: "an image with an init of its own runs, at once with mypaas.init, and else at the second try",
  },
  {
    what: "a worker process whose image has `EXPOSE`",
    how: "`port = none`",
    runs: "yes",
    suite: "images",
    test: "a worker whose image exposes a port is live without it",
  },
  {
    what: "`chroot`, raw sockets, device nodes, setuid programs such as sudo; with them systemd in a container",
    how: "not possible: a container keeps eight capabilities and gains none",
    runs: "no",
    suite: "images",
    test: "chroot, raw sockets, device nodes and setuid programs are refused in a container",
  },
  {
    what: "slow answers, uploads, event streams and WebSockets, through a switch",
    how: "nothing",
    runs: "yes",
    suite: "lossless",
    test: "two replicas are replaced three times under 200 requests a second and none is lost",
  },
  {
    what: "gRPC, unary and streaming, through a switch",
    how: "`protocol = h2c`",
    runs: "yes",
    suite: "grpc",
    test: "unary and streaming calls go through five deploys, and none is lost",
  },
  {
    what: "socket.io with its default client, and other sessions in memory, with several containers",
    how: "`sticky = true`",
    runs: "yes",
    suite: "sticky",
    test: "socket.io's default client connects 20 times of 20 to three replicas",
  },
  {
    what: "images that read a secret from a file (`*_FILE`) and start as root",
    how: "`secret = NAME:/path`",
    runs: "yes",
    suite: "secrets",
    test: "an image that starts as root can give the file to whichever user it becomes",
  },
];

const head = `# What was tried

Made by \`node scripts/docs.ts\` from the list in \`scripts/compatibility.ts\`; a test compares the two, and looks for the test of each row. Each row is tried by every run of the end-to-end suites: started, asked for something real, replaced and stopped. The images have the shape of the official ones (entrypoint, user, \`VOLUME\`, \`STOPSIGNAL\`), and the programs of Debian 12.

| what | needs | runs | tried by |
| --- | --- | --- | --- |
`;

/** What docs/compatibility.md has to say. */
export const makeCompatibilityDocs = (): string =>
  head +
  tried
    .map(
      ({ what, how, runs, suite, test }) =>
        `| ${what} | ${how} | ${runs} | \`${suite}\`: ${test} |\n`,
    )
    .join("");

const file = join(dirname(import.meta.dirname), "docs/compatibility.md");

/** What the file says now. */
export const readCompatibilityDocs = (): string => readFileSync(file, "utf8");

/** Writes the file anew. */
export function writeCompatibilityDocs(): string {
  writeFileSync(file, makeCompatibilityDocs());
  return file;
}
