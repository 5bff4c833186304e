import { execFile } from "node:child_process";
import { UserError } from "../../core/errors.ts";
import { isThere } from "../files.ts";

/** True where systemd is the init of this machine, in the way sd_booted(3) finds out. */
export const hasSystemd = (): Promise<boolean> => isThere("/run/systemd/system");

/** Tells systemd that the service is ready; does nothing outside a service of Type=notify. Needs NotifyAccess=all. */
export async function notifyReady(
  env: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  if (env["NOTIFY_SOCKET"] === undefined) return;
  await run("systemd-notify", ["--ready"], env);
}

/** `systemctl` and its relatives; a refusal becomes a UserError with what the tool said. */
export async function systemTool(tool: SystemTool, ...args: readonly string[]): Promise<string> {
  return run(tool, args);
}

export type SystemTool = "systemctl" | "systemd-sysusers" | "systemd-tmpfiles";

/** One property of a unit, such as `ActiveState`; also known for units that do not exist. */
export async function unitProperty(unit: string, property: string): Promise<string> {
  return (await run("systemctl", ["show", "--property", property, "--value", unit])).trim();
}

/** The last lines that a unit wrote to the journal; empty where there is no journal. */
export async function journalTail(unit: string, lines: number): Promise<readonly string[]> {
  const args = ["--unit", unit, "--lines", String(lines), "--no-pager", "--output", "cat"];
  const text = await run("journalctl", args).catch(() => "");
  return text.split("\n").filter((line) => line !== "");
}

type Env = Readonly<Record<string, string | undefined>>;

function run(tool: string, args: readonly string[], env?: Env): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { timeout: 6 * 60_000, maxBuffer: 1024 * 1024, ...(env && { env }) };
    execFile(tool, args, options, (error, stdout, stderr) => {
      if (error === null) {
        resolve(stdout);
        return;
      }
      const said = `${stderr}${stdout}`.trim();
      const hint = "see why: systemctl status, journalctl --boot";
      const message = `${tool} ${args.join(" ")}: ${said.split("\n")[0] || error.message}`;
      const details = said.split("\n").slice(1, 10);
      reject(new UserError(message, { code: "systemd", hint, details, cause: error }));
    });
  });
}
