import { execFile } from "node:child_process";
import { UserError } from "../../core/errors.ts";
import { isThere } from "../files.ts";

/** True when systemd is the init of this machine, as in sd_booted(3). */
export const hasSystemd = (): Promise<boolean> => isThere("/run/systemd/system");

/** Tells systemd that the service is ready; does nothing outside a service of Type=notify. Needs NotifyAccess=all. */
export async function notifyReady(env: Env): Promise<void> {
  if (env["NOTIFY_SOCKET"] === undefined) return;
  await run("systemd-notify", ["--ready"], env);
}

/** Runs `systemctl` or a related tool. Throws UserError with the tool's output when it fails. */
export const systemTool = (
  tool: "systemctl" | "systemd-sysusers" | "systemd-tmpfiles",
  ...args: readonly string[]
): Promise<string> => run(tool, args);

/** One property of a unit, such as `ActiveState`; units that do not exist have properties too. */
export const unitProperty = async (unit: string, property: string): Promise<string> =>
  (await run("systemctl", ["show", "--property", property, "--value", unit])).trim();

/** The last lines of a unit in the journal; empty without a journal. */
export async function journalTail(unit: string, lines: number): Promise<readonly string[]> {
  const args = ["--unit", unit, "--lines", String(lines), "--no-pager", "--output", "cat"];
  const text = await run("journalctl", args).catch(() => "");
  return text.split("\n").filter((line) => line !== "");
}

type Env = Readonly<Record<string, string | undefined>>;

const run = (tool: string, args: readonly string[], env?: Env): Promise<string> =>
  new Promise((resolve, reject) => {
    const options = { timeout: 6 * 60_000, maxBuffer: 1024 * 1024, ...(env && { env }) };
    execFile(tool, args, options, (error, stdout, stderr) => {
      if (error === null) return resolve(stdout);
      const output = `${stderr}${stdout}`.trim();
      const hint = "see why: systemctl status, journalctl --boot";
      const message = `${tool} ${args.join(" ")}: ${output.split("\n")[0] || error.message}`;
      const details = output.split("\n").slice(1, 10);
      reject(new UserError(message, { code: "systemd", hint, details, cause: error }));
    });
  });
