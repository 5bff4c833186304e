import { spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { installPackages } from "../../scripts/machine/packages.ts";
import { has } from "../../scripts/machine/run.ts";

/** Runs a program on a pseudo-terminal; takes `size COLS ROWS` and `type HEX` as lines, and ends as the program does. */
const script = `
import fcntl, os, pty, select, signal, struct, sys, termios
def size(cols, rows): fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))
begin, command = sys.argv[1:3], sys.argv[3:]
gate = os.pipe()
pid, fd = pty.fork()
if pid == 0:
    os.read(gate[0], 1)
    os.execvp(command[0], command)
size(int(begin[0]), int(begin[1]))
os.write(gate[1], b"x")
print(pid, file=sys.stderr, flush=True)
lines, sources = b"", [fd, 0]
while True:
    ready, _, _ = select.select(sources, [], [])
    if fd in ready:
        try: data = os.read(fd, 65536)
        except OSError: data = b""
        if not data: break
        os.write(1, data)
    if 0 in ready:
        data = os.read(0, 65536)
        if not data: sources.remove(0)
        lines += data
        while b"\\n" in lines:
            line, lines = lines.split(b"\\n", 1)
            words = line.decode().split()
            if words[0] == "size":
                size(int(words[1]), int(words[2]))
                os.kill(pid, signal.SIGWINCH)
            else: os.write(fd, bytes.fromhex(words[1]))
code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
sys.exit(code if code >= 0 else 128 - code)
`;

export interface PtyOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cols: number;
  readonly rows: number;
}

/** A program on a real pseudo-terminal. */
export async function startOnPty(command: readonly string[], options: PtyOptions) {
  const { env, cols, rows } = options;
  if (!(await has("python3"))) await installPackages(["python3-minimal"], "a pseudo-terminal");
  const child = spawn("python3", ["-c", script, String(cols), String(rows), ...command], {
    env: { ...env, TERM: "xterm-256color" },
  });
  let screen = "";
  let pid = "";
  child.stdout.on("data", (data: Buffer) => (screen += data.toString()));
  child.stderr.on("data", (data: Buffer) => (pid += data.toString()));
  child.stdin.on("error", () => undefined);
  const done = new Promise<number>((resolve) => child.on("close", (code) => resolve(code ?? 1)));
  return {
    screen: () => screen,
    done,
    kill: (signal: NodeJS.Signals) => process.kill(Number(pid.split("\n")[0]), signal),
    type: (text: string) => child.stdin.write(`type ${Buffer.from(text).toString("hex")}\n`),
    resize: (toCols: number, toRows: number) => child.stdin.write(`size ${toCols} ${toRows}\n`),
    /** Waits until the screen has shown something. */
    shows: async (pattern: RegExp) => {
      for (let tries = 0; tries < 400; tries += 1) {
        if (pattern.test(screen)) return;
        if (child.exitCode !== null) break;
        await sleep(50);
      }
      throw new Error(`never shown: ${String(pattern)} in ${JSON.stringify(screen.slice(-2000))}`);
    },
  };
}
