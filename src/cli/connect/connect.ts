import { access, constants } from "node:fs/promises";
import { codeOf } from "../../adapters/files.ts";
import { rememberServices } from "../../adapters/laptop/known-services.ts";
import { changeRemotes, readRemotes, type Remote } from "../../adapters/laptop/remotes.ts";
import { sign } from "../../adapters/laptop/ssh-keygen.ts";
import { chooseSigningKey } from "../../adapters/laptop/signing-key.ts";
import { packageVersion } from "../../adapters/package-version.ts";
import { createWireClient, type WireRequest } from "../../adapters/wire/client.ts";
import type { Exchange } from "../../adapters/wire/call.ts";
import type { Target } from "../../adapters/wire/pool.ts";
import { UserError } from "../../core/errors.ts";
import { defaultRunDir, instancePaths } from "../../core/server/instance.ts";
import { fingerprint } from "../../core/ssh/public-key.ts";
import { parseRemoteLine } from "../../core/wire/connection-string.ts";
import { hashToken, requestId } from "../../core/wire/request.ts";
import { readSshSignature } from "../../core/ssh/sshsig.ts";
import { maxRequestBytes, type Accepted, type Request } from "../../core/wire/protocol.ts";
import { mayRepeat, namesAfter, type Action, type Results } from "../../core/actions/actions.ts";
import type { CommandIo, ServerOptions } from "../command.ts";
import { sayWhenSlow } from "./say-when-slow.ts";
import { commandLine } from "../output/shell-words.ts";
import { type Hint, command, hint } from "../../core/hints.ts";

/** A server that can be asked. */
export interface Connection {
  /** What messages call it: the remote's name, its address, or "this server". */
  readonly place: string;
  /** Signs once, asks once; returns the result of the answer. */
  readonly ask: <A extends Action>(action: A) => Promise<Results[A["action"]]>;
  /** The same for a request that continues after its first answer. */
  readonly begin: (action: Action) => Promise<Begun>;
  /** Remembers for completion which services there are; gets those that are known. */
  readonly learn: (change: (known: readonly string[]) => readonly string[]) => Promise<void>;
  readonly close: () => Promise<void>;
}

/** A request after its first answer, and the name of its server. */
export interface Begun extends Pick<Connection, "place"> {
  readonly accepted: Accepted;
  readonly request: WireRequest;
}

/** Connects to a remote by name or line; without one to MYPAAS_REMOTE, else to this host's worker. */
export async function connect(io: CommandIo, options: ServerOptions): Promise<Connection> {
  const usual = usualRemote(io);
  const wanted = options.remote ?? usual;
  if (wanted === undefined) return connectLocal(io, options);
  if (wanted !== usual) io.setRemoteName?.(commandLine(wanted));
  return connectRemote(io, await findRemote(io, wanted), options);
}

/** What MYPAAS_REMOTE says, where no option does. */
export const usualRemote = ({ world }: CommandIo): string | undefined =>
  world.env["MYPAAS_REMOTE"]?.trim() || undefined;

/** Connects to the worker of this host, whatever remotes there are; throws UserError "no-worker" or "not-root", which name what to do elsewhere. */
export async function connectLocal(io: CommandIo, options: ServerOptions, elsewhere?: Hint) {
  const runDir = options.runDir ?? io.world.env["MYPAAS_RUN_DIR"] ?? defaultRunDir;
  const path = instancePaths({ stateDir: "", runDir }).localSocket;
  try {
    await access(path, constants.R_OK | constants.W_OK);
  } catch (error) {
    const [first] = await readRemotes(io.world).catch(() => []);
    throw noWorker(path, error, elsewhere ?? `name a server: -r ${first?.name ?? "NAME"}`);
  }
  const target: Target = { kind: "socket", path };
  // The worker takes requests for "local" on this socket only.
  return open(io, { target, place: "this server", server: "local" });
}

/** Why this host's worker cannot be asked: nothing listens there, or only root may. */
export function noWorker(path: string, cause: unknown, elsewhere: Hint): UserError {
  if (codeOf(cause) === "EACCES") {
    const way = hint`run it with sudo, or ${elsewhere}`;
    const message = `this server: only root may talk to its worker (${path})`;
    return new UserError(message, { code: "not-root", hint: way, cause });
  }
  const way = hint`${elsewhere}, or set up this machine as a server: sudo ${command("init")}`;
  return new UserError(`this machine: no mypaas worker at ${path}`, {
    code: "no-worker",
    hint: way,
    cause,
  });
}

/** A remote by its name, or made from a whole line; throws UserError "no-remote". */
export async function findRemote(io: CommandIo, wanted: string): Promise<Remote> {
  if (wanted.includes("://")) {
    const address = parseRemoteLine(wanted);
    return { ...address, name: address.origin, fingerprint: undefined };
  }
  const remotes = await readRemotes(io.world);
  const found = remotes.find((candidate) => candidate.name === wanted);
  if (found) return found;
  const known = remotes.map((candidate) => candidate.name).join(", ") || "none";
  throw new UserError(`remote ${JSON.stringify(wanted)}: not known here; known: ${known}`, {
    code: "no-remote",
    hint: hint`add it with the line that ${command("init")} printed, in quotes: ${command("remote add NAME 'https://…'")}`,
  });
}

function connectRemote(io: CommandIo, remote: Remote, { key: option }: ServerOptions): Connection {
  const { name, origin, server, pin } = remote;
  const signer = (message: Uint8Array) => signFor(io, remote, { option, message });
  const onAccepted = async (signature: Uint8Array) => {
    const used = fingerprint(readSshSignature(signature).publicKey);
    const isNews = remote.fingerprint === undefined || option !== undefined;
    if (isNews && name !== origin && used !== remote.fingerprint) await remember(io, remote, used);
  };
  const target: Target = { kind: "tls", origin, server, pin };
  return open(io, { target, place: placeOf(remote), server, name, signer, onAccepted });
}

/** Signs with the user's own key, chosen as for every request to that remote. */
export async function signFor(
  io: CommandIo,
  remote: Remote,
  signing: {
    /** `--key FILE`. */
    readonly option: string | undefined;
    readonly message: Uint8Array;
    readonly namespace?: string;
  },
): Promise<Buffer> {
  const { world } = io;
  const { option, ...what } = signing;
  const hasTerminal = world.stdin.isTTY === true || world.stderr.isTTY;
  const signal = world.interrupted;
  const choice = { option, remembered: remote.fingerprint, signal };
  const key = await chooseSigningKey({ ...world, ...choice });
  const onText = (text: string) => io.say({ kind: "note", text });
  try {
    return await sign({ ...what, keyFile: key.file, env: world.env, hasTerminal, onText, signal });
  } finally {
    await key.dispose();
  }
}

const placeOf = ({ name, origin }: Remote): string =>
  name === origin ? name : `${name} (${origin.replace("https://", "")})`;

async function remember(io: CommandIo, remote: Remote, used: string): Promise<void> {
  const change = (all: readonly Remote[]) =>
    all.map((one) => (one.name === remote.name ? { ...one, fingerprint: used } : one));
  try {
    await changeRemotes(io.world, change);
  } catch (error) {
    // A configuration that cannot be written must not fail what the server has accepted.
    const reason = error instanceof Error ? error.message : String(error);
    io.say({ kind: "note", text: `could not store the key of this remote: ${reason}` });
  }
}

interface Opening {
  readonly target: Target;
  readonly place: string;
  readonly server: string;
  /** Of the remote; undefined for this host. */
  readonly name?: string;
  readonly signer?: (message: Uint8Array) => Promise<Uint8Array>;
  readonly onAccepted?: (signature: Uint8Array) => Promise<void>;
}

function open({ world, say, trace }: CommandIo, opening: Opening): Connection {
  const { target, place, server, signer } = opening;
  const version = () => packageVersion(world);
  const onExchange = trace && ((exchange: Exchange) => trace(describeExchange(exchange)));
  const signal = world.interrupted;
  const client = createWireClient({ target, place, signal, version, onExchange });
  const learn: Connection["learn"] = async (change) => {
    // A whole line has no name to remember anything under.
    if (opening.name?.includes("://") !== true) await rememberServices(world, opening.name, change);
  };
  const begin: Connection["begin"] = async (action) => {
    const token = world.random(32).toString("base64url");
    const request: Request = {
      v: 1,
      server,
      created: world.now(),
      nonce: world.random(16).toString("hex"),
      tokenHash: hashToken(token),
      ...action,
    };
    const body = Buffer.from(JSON.stringify(request));
    if (body.length > maxRequestBytes) throw tooLong(body.length);
    const service = ("service" in action && action.service) || "";
    trace?.(`request ${requestId(body)} to ${place}: ${action.action} ${service}`.trimEnd());
    const signature = await signer?.(body);
    const asked = client.accept(body, signature, mayRepeat(action) ? "safe" : "once");
    const accepted = await sayWhenSlow(say, `waiting for ${place} …`, asked);
    if (signature) await opening.onAccepted?.(signature);
    await learn((known) => namesAfter(known, action, accepted.result));
    return { accepted, request: client.request(accepted.request, token), place };
  };
  const ask = async <A extends Action>(action: A) =>
    (await begin(action)).accepted.result as Results[A["action"]];
  return { place, ask, begin, learn, close: client.close };
}

const describeExchange = ({ method, path, ms, end }: Exchange): string =>
  `${method} ${path}: ${end} after ${ms} ms`;

const tooLong = (bytes: number): UserError =>
  new UserError(`request: ${bytes} bytes, at most ${maxRequestBytes}`, {
    code: "too-large",
    hint: "leave out what the build does not need: list it in .dockerignore",
  });
