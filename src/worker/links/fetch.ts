import { getCACertificates } from "node:tls";
import { UserError } from "../../core/errors.ts";
import { formatBytes } from "../../core/format.ts";
import { command, hint } from "../../core/hints.ts";
import { fetchProblem } from "../../core/links/fetch-problem.ts";
import { elsewhere, type StatusRequest } from "../../core/links/commit-status.ts";
import { hostOf, isCommit } from "../../core/links/repository.ts";
import {
  fingerprintOf,
  isFingerprint,
  isHostKey,
  readSshPlace,
} from "../../core/links/ssh-place.ts";
import { plainText } from "../../core/terminal-text.ts";
import { jsonFields, type Fields } from "../../core/actions/fields.ts";
import { nodeMounts } from "../../core/server/infra.ts";
import type { InstanceConfig } from "../../core/server/instance.ts";
import type { World } from "../../core/world.ts";
import { takeTar } from "../../adapters/archive/take-tar.ts";
import type { Taken } from "../../adapters/archive/taken.ts";
import { gitJailPaths } from "../../adapters/host/git-image.ts";
import type { Jail } from "../../adapters/engines/docker/jail.ts";
import type { Link } from "../../adapters/state/links.ts";
import { deployKey } from "./links.ts";
import type { Egress } from "../egress/egress.ts";

/** Reaches the repositories of links. What it runs is foreign code as far as it reads what strangers wrote, so it runs in the jail. */
export interface Fetcher {
  /** Takes the files of a commit into a folder: the newest of the branch, or the one that is named. */
  readonly fetch: (asked: Fetching) => Promise<FetchedCommit>;
  /** The newest commit of the branch. */
  readonly look: (link: Link, signal: AbortSignal) => Promise<SeenCommit>;
  /** Tells the forge about a commit; the status of the answer, undefined where there is none. */
  readonly post: (
    link: Link,
    requests: readonly StatusRequest[],
    signal: AbortSignal,
  ) => Promise<number | undefined>;
  /** Removes what an earlier worker left. */
  readonly sweep: () => Promise<void>;
}

export interface Fetching {
  readonly link: Link;
  readonly commit: string | undefined;
  readonly into: string;
  readonly signal: AbortSignal;
}

export interface SeenCommit {
  readonly commit: string;
  /** The host key of ssh, where the link has none yet. */
  readonly hostKey?: string;
}

export interface FetchedCommit extends Omit<Taken, "commit">, SeenCommit {
  readonly subject: string;
}

export interface FetcherParts {
  readonly world: Pick<World, "execPath" | "sharedObjects" | "packageRoot" | "random">;
  readonly config: InstanceConfig;
  readonly engineSocket: string;
  readonly egress: Egress;
}

/** Of the pack, which lies in memory. */
const maxPackBytes = 200 * 1024 ** 2;
const maxUnpackedBytes = 2 * 1024 ** 3;
const memoryBytes = 640 * 1024 ** 2;
const longestMs = 15 * 60_000;
const longestPostMs = 90_000;
const factsBytes = 256 * 1024;

/** Opens nothing before the first use. */
export function createFetcher(parts: FetcherParts): Fetcher {
  let swept: Promise<unknown> = Promise.resolve();
  const sweep = async () => {
    const { createJail } = await import("../../adapters/engines/docker/jail.ts");
    const { instance } = parts.config;
    await createJail({ instance, socketPath: parts.engineSocket }).sweep(jailName(""));
    await parts.egress.sweep();
  };
  const inJail = <T>(
    { name, program, order }: Ordered,
    stopped: AbortSignal,
    use: (jailed: JailedGit) => Promise<T>,
  ): Promise<T> =>
    swept.then(() =>
      parts.egress.during(async ({ network, proxy }) => {
        const over = new AbortController();
        const signal = AbortSignal.any([stopped, over.signal, AbortSignal.timeout(longestMs)]);
        const jailed = await startJail(parts, { name, program, network, signal });
        const whole = { ...order, proxy, ca: authorities() };
        await jailed.write(Buffer.from(JSON.stringify(whole)));
        jailed.endInput();
        const output = partOutput(jailed.output());
        try {
          return await use({ ...output, end: jailed.end });
        } catch (error) {
          stopped.throwIfAborted();
          throw error;
        } finally {
          // What was not read to its end still runs.
          over.abort();
        }
      }),
    );
  return {
    sweep: () => {
      const sweeping = sweep();
      swept = sweeping.catch(() => undefined);
      return sweeping;
    },
    look: (link, signal) =>
      inJail(fetchOrder({ link, commit: undefined, look: true }), signal, async (git) => {
        const facts = await git.facts;
        await drain(git.rest());
        if ((await git.end()) !== 0) throw problem({ link, commit: undefined }, git.said());
        return { commit: commitOf(facts, link), ...hostKeyOf(facts, link) };
      }),
    post: ({ service }, requests, signal) =>
      inJail(
        { name: `${service}-status`, program: gitJailPaths.status, order: { requests, elsewhere } },
        AbortSignal.any([signal, AbortSignal.timeout(longestPostMs)]),
        async (forge) => {
          const status = (await forge.facts)?.["status"];
          await drain(forge.rest());
          await forge.end();
          return typeof status === "number" ? status : undefined;
        },
      ),
    fetch: ({ link, commit, into, signal }) =>
      inJail(fetchOrder({ link, commit, look: false }), signal, async (git) => {
        const facts = await git.facts;
        if (facts === undefined) {
          await drain(git.rest());
          await git.end();
          throw problem({ link, commit }, git.said());
        }
        const name = `${link.url} ${link.branch}`;
        const taken = await takeTar(git.rest(), into, { name, bytes: maxUnpackedBytes, signal });
        if ((await git.end()) !== 0) throw problem({ link, commit }, git.said());
        const found = commitOf(facts, link);
        if (commit !== undefined && found !== commit)
          throw problem({ link, commit }, "fatal: the commit is another one than asked for");
        const { subject } = facts;
        return {
          ...taken,
          commit: found,
          ...hostKeyOf(facts, link),
          subject: typeof subject === "string" ? plainText(subject).slice(0, 200) : "",
        };
      }),
  };
}

/** A program of the jail and what it is asked to do. */
interface Ordered {
  readonly name: string;
  readonly program: string;
  readonly order: object;
}

const fetchOrder = (asked: Parameters<typeof orderOf>[0]): Ordered => ({
  name: asked.link.service,
  program: gitJailPaths.fetch,
  order: orderOf(asked),
});

interface JailedGit {
  /** The first line of the output; undefined where there is none. */
  readonly facts: Promise<Fields | undefined>;
  /** The output after it. */
  readonly rest: () => AsyncIterable<Uint8Array>;
  /** The words of git until now. */
  readonly said: () => string;
  readonly end: () => Promise<number>;
}

const jailName = (service: string): string => `fetch-${service}`;

async function startJail(
  { world, config, engineSocket: socketPath }: FetcherParts,
  {
    name,
    program,
    network,
    signal,
  }: Omit<Ordered, "order"> & { readonly network: string; readonly signal: AbortSignal },
): ReturnType<Jail["run"]> {
  const { createJail } = await import("../../adapters/engines/docker/jail.ts");
  const { createInfra } = await import("../../adapters/engines/docker/infra.ts");
  const { ensureJailImage } = await import("../../adapters/jail-image.ts");
  const { nodeFiles } = await import("../../adapters/host/node-files.ts");
  const { instance } = config;
  const { packageRoot, random } = world;
  const infra = createInfra({ instance, socketPath });
  const { tag } = await ensureJailImage({ infra, instance, packageRoot, random, signal });
  const node = await nodeFiles(world);
  const jail = createJail({ instance, socketPath });
  return jail.run(
    {
      name: jailName(name),
      image: tag,
      command: [gitJailPaths.node, program],
      network,
      mounts: nodeMounts(node),
      tmpfs: { "/tmp": 16 * 1024 ** 2, "/fetch": maxPackBytes + 96 * 1024 ** 2 },
      memoryBytes,
    },
    signal,
  );
}

/** The part of the order that the link decides. */
function orderOf({
  link,
  commit,
  look,
}: {
  readonly link: Link;
  readonly commit: string | undefined;
  readonly look: boolean;
}) {
  const { url, branch, token } = link;
  // Forges take any name beside a token, but those that want one of their own.
  const pair = token === undefined || token.includes(":") ? token : `${userAt(url)}:${token}`;
  return {
    url,
    branch,
    look,
    maxBytes: maxPackBytes,
    ...sshOrder(link),
    ...(commit !== undefined && { commit }),
    ...(pair !== undefined && { authorization: `Basic ${Buffer.from(pair).toString("base64")}` }),
  };
}

function sshOrder(link: Link) {
  const place = readSshPlace(link.url);
  const pair = deployKey(link);
  if (place === undefined || pair === undefined) return {};
  const { hostKey } = link;
  const known =
    hostKey === undefined ? {} : isFingerprint(hostKey) ? { fingerprint: hostKey } : { hostKey };
  return { ssh: { ...place, key: pair.privateKey, ...known } };
}

/** The host key that was met for the first time. Throws UserError where it is another one than was given. */
function hostKeyOf(facts: Fields | undefined, link: Link): Pick<SeenCommit, "hostKey"> {
  const { hostKey: known } = link;
  if (link.deployKey === undefined || (known !== undefined && !isFingerprint(known))) return {};
  const hostKey = facts?.["hostKey"];
  if (typeof hostKey !== "string" || !isHostKey(hostKey))
    throw problem({ link, commit: undefined }, "fatal: ssh named no host key");
  if (known !== undefined && fingerprintOf(hostKey) !== known)
    throw problem({ link, commit: undefined }, "fatal: ssh named another host key");
  return { hostKey };
}

const userAt = (url: string): string =>
  hostOf(url) === "bitbucket.org" ? "x-token-auth" : "oauth2";

/** Of this Node, of this machine, and of NODE_EXTRA_CA_CERTS. */
const authorities = (): string =>
  [
    ...new Set(
      (["bundled", "system", "extra"] as const).flatMap((from) => getCACertificates(from)),
    ),
  ].join("\n");

/** Takes the first line of the one stream off, and keeps the end of the other. */
function partOutput(
  output: AsyncIterable<{ readonly stream: string; readonly bytes: Uint8Array }>,
) {
  const { promise: facts, resolve, reject } = Promise.withResolvers<Fields | undefined>();
  let said = "";
  const pieces = (async function* () {
    let head: Buffer | undefined = Buffer.alloc(0);
    try {
      for await (const { stream, bytes } of output) {
        if (stream === "stderr") said = (said + Buffer.from(bytes).toString("utf8")).slice(-16_384);
        else if (head === undefined) yield bytes;
        else {
          head = Buffer.concat([head, bytes]);
          const end = head.indexOf("\n");
          if (end < 0 && head.length > factsBytes) throw new Error("the jail says no facts");
          if (end < 0) continue;
          resolve(jsonFields(head.toString("utf8", 0, end)));
          const rest = head.subarray(end + 1);
          head = undefined;
          if (rest.length > 0) yield rest;
        }
      }
      resolve(undefined);
    } catch (error) {
      reject(error);
      throw error;
    }
  })();
  // Begins to read: the facts come before the rest is wanted.
  const first = pieces.next();
  first.catch(() => undefined);
  return {
    facts,
    said: () => said,
    rest: async function* () {
      for (let next = await first; next.done !== true; next = await pieces.next()) yield next.value;
    },
  };
}

async function drain(bytes: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const _piece of bytes);
}

function commitOf(facts: Fields | undefined, link: Link): string {
  const commit = facts?.["commit"];
  if (typeof commit === "string" && isCommit(commit)) return commit;
  throw problem({ link, commit: undefined }, "fatal: git named no commit");
}

function problem(
  { link, commit }: { readonly link: Link; readonly commit: string | undefined },
  said: string,
): UserError {
  const [, bytes] = /too large: (\d+)/.exec(said) ?? [];
  if (bytes !== undefined)
    return new UserError(
      `${link.url}: more than ${formatBytes(maxPackBytes)}, stopped after ${formatBytes(Number(bytes))}`,
      {
        code: "fetch-failed",
        hint: hint`leave large files out of the repository, or push from a machine that has it: ${command("push")}`,
      },
    );
  const { url, branch, service, token } = link;
  const expected = link.hostKey === undefined ? {} : { hostKey: fingerprintOf(link.hostKey) };
  const asked = { url, branch, service, commit, hasToken: token !== undefined, ...expected };
  return fetchProblem(asked, said);
}
