import { spawn } from "node:child_process";

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a program to its end without a shell; `live` also shows its output as it comes. */
export function run(
  command: string,
  args: readonly string[],
  options: {
    readonly cwd?: string;
    readonly env?: Readonly<Record<string, string | undefined>>;
    readonly live?: boolean;
    readonly input?: string;
  } = {},
): Promise<Ran> {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: options.env ?? process.env,
      stdio: ["pipe", "pipe", "pipe"],
    });
    const text = { out: "", err: "" };
    child.stdout.on("data", (data: Buffer) => {
      text.out += data.toString();
      if (options.live) process.stdout.write(data);
    });
    child.stderr.on("data", (data: Buffer) => {
      text.err += data.toString();
      if (options.live) process.stderr.write(data);
    });
    child.stdin.on("error", () => {});
    child.stdin.end(options.input ?? "");
    child.on("error", (error) => resolve({ code: 127, ...text, err: error.message }));
    child.on("close", (code) => resolve({ code: code ?? 1, ...text }));
  });
}

/** Like `run`, but throws with the output when the program does not end well. */
export async function mustRun(...args: Parameters<typeof run>): Promise<Ran> {
  const ran = await run(...args);
  if (ran.code === 0) return ran;
  const call = [args[0], ...args[1]].join(" ");
  throw new Error(`${call}: exit code ${ran.code}\n${ran.out}${ran.err}`);
}

/** True when a program of that name can be started. */
export const has = async (command: string): Promise<boolean> =>
  (await run("sh", ["-c", `command -v ${command}`])).code === 0;
