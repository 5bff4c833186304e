import { UserError } from "../../core/errors.ts";
import { addressAndPort } from "../../core/server/listening.ts";
import { formatBytes } from "../../core/format.ts";
import { type Hint, command, hint, hintText } from "../../core/hints.ts";
import { seeInstall } from "../../core/install.ts";

/** What init has to know of the machine before it changes anything. */
export interface Facts {
  readonly uid: number;
  readonly os: string;
  readonly node: string;
  /** API version, or why the engine did not answer. */
  readonly engine: { readonly api: string } | UserError;
  /** Undefined where it does not matter. */
  readonly hasSystemd: boolean | undefined;
  readonly disks: readonly { readonly path: string; readonly free: number }[];
  /** Of the wanted ports, those that another program holds. */
  readonly taken: readonly TakenPort[];
  /** A wanted IPv6 address on a machine without IPv6. */
  readonly lacksIPv6?: string | undefined;
  /** Debian packages that `--git` needs and that are not here. */
  readonly lacksForGit: readonly string[];
  /** Why no key can be enrolled; undefined when one can be or is. */
  readonly noKey: UserError | undefined;
}

export interface TakenPort {
  readonly option: "http-port" | "https-port";
  readonly address: string;
  readonly port: number;
  /** Such as `nginx (pid 812)` or `container "proxy"`. */
  readonly holder: string;
}

type Missing = Pick<UserError, "message" | "hint">;

const minimumNode = [24, 12] as const;
/** Docker 20.10, the oldest that mypaas was tried with. */
const minimumApi = [1, 41] as const;
const minimumFree = 2_000_000_000;

/** Everything that stands in the way of init, in the order in which it would be met. */
export function missing(facts: Facts): readonly Missing[] {
  const found: Missing[] = [];
  const add = (message: string, way: Hint | undefined) =>
    found.push({ message, hint: way === undefined ? undefined : hintText(way) });
  if (facts.os !== "linux")
    add(
      `system: should be Linux, got ${facts.os}`,
      hint`run ${command("init")} on the server itself`,
    );
  if (facts.uid !== 0)
    add(`user: should be root, got user id ${facts.uid}`, hint`run: sudo ${command("init")}`);
  if (isBelow(facts.node, minimumNode))
    add(
      `node: should be ${minimumNode.join(".")} or newer, got ${facts.node}`,
      `install Node 24, then mypaas again, ${seeInstall}`,
    );
  if (facts.engine instanceof UserError) add(facts.engine.message, facts.engine.hint);
  else if (isBelow(facts.engine.api, minimumApi))
    add(
      `docker: should speak API ${minimumApi.join(".")} (Docker 20.10) or newer, got ${facts.engine.api}`,
      "upgrade it, on Debian and Ubuntu: apt-get install docker.io",
    );
  if (facts.hasSystemd === false)
    add(
      "systemd: is not running on this machine",
      hint`run: ${command("init --no-systemd")}, and start the worker yourself`,
    );
  for (const { path, free } of facts.disks)
    if (free < minimumFree)
      add(
        `disk: ${formatBytes(free)} free at ${path}, mypaas needs ${formatBytes(minimumFree)}`,
        "make room, see what Docker could give back: docker system df",
      );
  if (facts.lacksIPv6 !== undefined)
    add(
      `address ${facts.lacksIPv6}: this machine has no IPv6`,
      hint`listen on IPv4 alone: ${command("init --bind 0.0.0.0")}`,
    );
  if (facts.lacksForGit.length > 0)
    add(
      `--git: ${facts.lacksForGit.join(" and ")} ${facts.lacksForGit.length === 1 ? "is" : "are"} not installed`,
      `install it, on Debian and Ubuntu: apt-get install ${facts.lacksForGit.join(" ")}`,
    );
  for (const { option, address, port, holder } of facts.taken)
    add(
      `port ${addressAndPort(address, port)}: held by ${holder}`,
      hint`stop it, or choose another port: ${command(`init --${option} PORT`)}`,
    );
  if (facts.noKey) add(facts.noKey.message, facts.noKey.hint);
  return found;
}

/** One error for everything that is missing. */
export function missingError(found: readonly Missing[]): UserError {
  const [first] = found;
  if (found.length === 1 && first)
    return new UserError(first.message, { code: "not-ready", hint: first.hint });
  return new UserError(`init: ${found.length} things are missing, nothing was changed`, {
    code: "not-ready",
    details: found.flatMap(({ message, hint }) =>
      hint === undefined ? [message] : [message, `  hint: ${hint}`],
    ),
    hint: "fix them, then run the same command again",
  });
}

function isBelow(version: string, [major, minor]: readonly [number, number]): boolean {
  const [ownMajor = 0, ownMinor = 0] = version.split(".").map(Number);
  return ownMajor < major || (ownMajor === major && ownMinor < minor);
}
