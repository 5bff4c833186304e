import { spawn } from "node:child_process";
import { platform } from "node:os";

type Env = Readonly<Record<string, string | undefined>>;

/** Opens an address in the user's browser; false where there is none. */
export async function openBrowser(url: string, env: Env): Promise<boolean> {
  const program = browserCommand(url, env, platform());
  if (program === undefined) return false;
  const [file = "", ...args] = program;
  const child = spawn(file, args, { env: { ...env }, stdio: "ignore", detached: true });
  const isStarted = await new Promise<boolean>((resolve) => {
    child.once("spawn", () => resolve(true));
    child.once("error", () => resolve(false));
  });
  child.unref();
  return isStarted;
}

/** The command for it; undefined on a machine without a screen. */
export function browserCommand(
  url: string,
  env: Env,
  system: string,
): readonly string[] | undefined {
  const own = env["BROWSER"]?.trim();
  if (own) return [own, url];
  if (system === "darwin") return ["open", url];
  if (system === "win32") return ["rundll32", "url.dll,FileProtocolHandler", url];
  const hasScreen = Boolean(env["DISPLAY"] || env["WAYLAND_DISPLAY"]);
  return hasScreen && !env["SSH_CONNECTION"] ? ["xdg-open", url] : undefined;
}
