import { UserError } from "../../../core/errors.ts";
import { stripControls } from "../../../core/terminal-text.ts";
import { elfInterpreter, elfMachine } from "../../../core/server/elf.ts";
import { reasonOf, statusOf } from "./client.ts";
import { command, hint } from "../../../core/hints.ts";

/** Says why the engine would not create or start a container, in one sentence; undefined for what is no fault of a plan. */
export function startError(name: string, error: unknown): UserError | undefined {
  const status = statusOf(error);
  if (status === undefined) return undefined;
  const code = "start-failed";
  const reason = stripControls(reasonOf(error).replace(/\s+/g, " "));
  for (const [pattern, explain] of explanations) {
    const found = pattern.exec(reason);
    if (found === null) continue;
    const { text, hint } = explain(found);
    return new UserError(`container ${name}: ${text}`, { code, hint, cause: error });
  }
  return status === 400 || status === 500
    ? new UserError(`container ${name}: ${reason}`, { code, cause: error })
    : undefined;
}

/** Creates or starts a container; throws the sentence for what the engine says. */
export async function explained<T>(name: string, call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    throw startError(name, error) ?? error;
  }
}

interface Explanation {
  readonly text: string;
  readonly hint?: string;
}

const explanations: readonly (readonly [RegExp, (found: RegExpExecArray) => Explanation])[] = [
  [/Bind for (\S+?):(\d+) failed: port is already allocated/, portTaken],
  [/listen (?:tcp|udp)[46]? (\S+):(\d+): bind: address already in use/, portTaken],
  [
    /listen (?:tcp|udp)[46]? (\S+):(\d+): bind: cannot assign requested address/,
    (found) => ({
      text: `${found[1]} is no address of this server`,
      hint: "list its addresses: ip -brief address",
    }),
  ],
  [
    /No command specified/i,
    () => ({ text: "the image has no command", hint: "add CMD or ENTRYPOINT to the Dockerfile" }),
  ],
  [/exec format error/i, () => ({ text: "exec format error: the image is for another processor" })],
  [
    /exec: "([^"]+)":.*?(executable file not found in \$PATH|no such file or directory|permission denied)/,
    (found) => ({
      text: `cannot run ${found[1]}: ${found[2]}`,
      hint: "check CMD and ENTRYPOINT in the Dockerfile",
    }),
  ],
  [
    /error mounting "[^"]*\/secrets\/[^"]+" to rootfs at "([^"]+)":.*?(not a directory|read-only file system)/,
    (found) => ({
      text: `mypaas.secret: no file can be put at ${found[1]}: ${found[2]}`,
      hint: "name another path, such as /run/secrets/NAME",
    }),
  ],
  [
    /bind source path does not exist: (.+)$/,
    (found) => ({
      text: `volume source ${found[1]} does not exist`,
      hint: `create it on the server: mkdir -p ${found[1]}`,
    }),
  ],
  [
    /setting rlimits?\b.*?\btype (\d+):/,
    (found) => ({
      text: `mypaas.ulimit: ${rlimits[Number(found[1])] ?? "a limit"} is above what this server allows`,
      hint: "lower it, or raise the limit of Docker's own service on the server",
    }),
  ],
  [/No such image: (\S+)/, (found) => ({ text: `image ${found[1]} is gone` })],
  [
    /network (\S+) not found/,
    (found) => ({
      text: `network ${found[1]} is gone`,
      hint: hint`repair it on the server: ${command("init")}`,
    }),
  ],
  [
    /Minimum memory limit allowed is (\S+)/i,
    (found) => ({ text: `mypaas.maxmem is below Docker's minimum of ${found[1]}` }),
  ],
  [
    /Range of CPUs is from ([\d.]+) to ([\d.]+)/i,
    (found) => ({ text: `mypaas.maxcpu has to be from ${found[1]} to ${found[2]} on this server` }),
  ],
  [
    /no space left on device/,
    () => ({
      text: "no space left on the server's disk",
      hint: "see what Docker uses on the server: docker system df",
    }),
  ],
];

/** The kernel's limits by their numbers (asm-generic/resource.h), as Docker calls them. */
const rlimits: Readonly<Record<number, string>> = {
  0: "cpu",
  1: "fsize",
  2: "data",
  3: "stack",
  4: "core",
  5: "rss",
  6: "nproc",
  7: "nofile",
  8: "memlock",
  10: "locks",
  11: "sigpending",
  12: "msgqueue",
  15: "rttime",
};

function portTaken(found: RegExpExecArray): Explanation {
  return {
    text: `port ${found[1]}:${found[2]} is already in use`,
    hint: `find the program that uses it, on the server: ss -lntup "sport = :${found[2]}"`,
  };
}

/** A program that the init process inside a container could not run. */
export interface InitFailure {
  readonly program: string;
  readonly reason: string;
}

/** Without one, the runtime itself says in the log why it could not run a program, and ends with 1 or 255; `own` is that program. */
export function runtimeFailure(lines: readonly string[], own: string): InitFailure | undefined {
  const found =
    /^(?:exec (\S+):|standard_init_linux\S* exec user process caused:?) "?(.+?)"?$/.exec(
      lines.length === 1 ? (lines[0] ?? "") : "",
    );
  const [, program = own, reason = ""] = found ?? [];
  if (!/^(no such file or directory|exec format error|permission denied)$/.test(reason))
    return undefined;
  return { program, reason: reason.charAt(0).toUpperCase() + reason.slice(1) };
}

/** With an init process, a program that cannot run ends with 126 or 127 and only the log says why; undefined when it does not. */
export function initFailure(lines: readonly string[]): InitFailure | undefined {
  for (const line of lines) {
    const found = /^\[FATAL tini \(\d+\)\] exec (.+) failed: (.+)$/.exec(line);
    const [, program, reason] = found ?? [];
    if (program !== undefined && reason !== undefined) return { program, reason };
  }
  return undefined;
}

/** Why it could not; `head`: the first bytes of the program, undefined when the image has none of that name; `machine`: what this server is, as uname(1) says it. */
export function initError(
  { program, reason }: InitFailure,
  head: Buffer | undefined,
  machine: string,
): string {
  const isAbsent = head === undefined && reason === "No such file or directory";
  if (isAbsent && program === "/bin/sh") return `cannot run ${program}: the image has no shell`;
  // Where the program is there, this is about what it needs, or about the shell that was tried next.
  const why =
    head !== undefined && /^(No such file or directory|Exec format error)$/.test(reason)
      ? misfit(head, machine)
      : reason.charAt(0).toLowerCase() + reason.slice(1);
  return `cannot run ${program}: ${why}`;
}

function misfit(head: Buffer, machine: string): string {
  const built = elfMachine(head);
  if (built !== undefined && built !== machine)
    return `exec format error: it is built for ${built}, this server is ${machine}`;
  const script = /^#! *([^ \r\n]+)([^\n]*)/.exec(head.toString("latin1"));
  if (script?.[2]?.endsWith("\r") === true)
    return "its first line ends with a carriage return, as files from Windows do";
  const needed = script?.[1] ?? elfInterpreter(head);
  if (needed !== undefined) return `the image has no ${stripControls(needed)}, which it needs`;
  return "exec format error: it is neither a program nor a script that begins with #!";
}
