import { once } from "node:events";
import { chmod, chown, mkdir, rm } from "node:fs/promises";
import { connect, type Server } from "node:net";
import { dirname } from "node:path";
import { UserError } from "../../core/errors.ts";
import { receiverUid, traefikUid } from "../../core/server/uids.ts";
import { command, hint } from "../../core/hints.ts";

export const entries = ["local", "receiver", "docker"] as const;
export type Entry = (typeof entries)[number];

/** Where an entry's server listens: a socket that systemd holds, or one that is made here. */
export type Listening =
  | { readonly kind: "inherited"; readonly fd: number }
  | { readonly kind: "own"; readonly path: string };

export interface ListenEnv {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly pid: number;
  readonly paths: Readonly<Record<Entry, string>>;
}

const firstFd = 3;

/** Takes the sockets that systemd passed on (sd_listen_fds), all three or none. */
export function listenings({ env, pid, paths }: ListenEnv): Readonly<Record<Entry, Listening>> {
  const names = env["LISTEN_PID"] === String(pid) ? (env["LISTEN_FDNAMES"] ?? "").split(":") : [];
  const count = Math.min(Number(env["LISTEN_FDS"] ?? "0"), names.length);
  const passed = names.slice(0, count);
  const missing = entries.filter((entry) => !passed.includes(entry));
  if (count > 0 && missing.length > 0) {
    throw new UserError(`systemd: passed no socket named ${missing.join(", ")}`, {
      code: "sockets",
      hint: hint`repair the units, run: ${command("init")}`,
    });
  }
  const of = (entry: Entry): Listening =>
    count > 0
      ? { kind: "inherited", fd: firstFd + passed.indexOf(entry) }
      : { kind: "own", path: paths[entry] };
  return { local: of("local"), receiver: of("receiver"), docker: of("docker") };
}

/** Begins to listen; the socket file of a dead worker is replaced; one on which a program answers is refused. */
export async function listen(server: Server, listening: Listening, access: Access): Promise<void> {
  if (listening.kind === "inherited") {
    await once(server.listen({ fd: listening.fd }), "listening");
    return;
  }
  const { path } = listening;
  await mkdir(dirname(path), { recursive: true, mode: 0o755 });
  if (await answers(path)) {
    throw new UserError(`socket ${path}: another program answers on it`, {
      code: "sockets",
      hint: "stop it first: systemctl stop mypaas-worker mypaas-local.socket mypaas-receiver.socket mypaas-docker.socket",
    });
  }
  await rm(path, { force: true });
  await once(server.listen({ path }), "listening");
  // A fresh socket lets only its owner connect, so this can only allow more.
  await chmod(path, access.mode);
  if (access.gid !== undefined && access.isRoot) await chown(path, 0, access.gid);
}

export interface Access {
  readonly mode: number;
  readonly gid: number | undefined;
  readonly isRoot: boolean;
}

/** Mode and group of each socket. */
export const entryAccess: Readonly<Record<Entry, Omit<Access, "isRoot">>> = {
  local: { mode: 0o600, gid: undefined },
  receiver: { mode: 0o660, gid: receiverUid },
  docker: { mode: 0o660, gid: traefikUid },
};

/** True when a program accepts connections on that socket. */
export async function answers(path: string): Promise<boolean> {
  const socket = connect(path);
  const connected = once(socket, "connect").then(
    () => true,
    () => false,
  );
  return connected.finally(() => socket.destroy());
}
