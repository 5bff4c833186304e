import { createHash } from "node:crypto";
import { mkdir, readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { ensureFile, isThere } from "../../adapters/files.ts";
import { journalTail, systemTool, unitProperty } from "../../adapters/host/systemd.ts";
import { UserError } from "../../core/errors.ts";
import { instancePaths, type InstanceConfig } from "../../core/server/instance.ts";
import { receiverUid, traefikUid } from "../../core/server/uids.ts";
import { renderUnit, unitNames, unitSources, unitTarget } from "../../core/server/units.ts";
import type { World } from "../../core/world.ts";
import { sumOf } from "./places.ts";
import type { Done, Report } from "./report.ts";

interface ServiceTools {
  readonly config: InstanceConfig;
  /** Of the server's own certificate, which the worker reads when it starts. */
  readonly pin: string;
  readonly world: World;
  readonly report: Report;
}

/** Installs users, directories and units of this instance; true when a unit file differs from what systemd runs. */
export async function ensureUnits({ config, pin, world, report }: ServiceTools): Promise<boolean> {
  const { instance, stateDir, runDir, owner } = config;
  const values = { instance, stateDir, runDir, home: owner.home };
  const stamp = await stampOf({ config, pin }, world);
  const program = { node: world.execPath, entry: world.entry, stamp };
  const install = async (source: (typeof unitSources)[number]) => {
    const text = await readFile(`${world.packageRoot}/systemd/${source}`, "utf8");
    const rendered = renderUnit(text, { ...values, ...program });
    const target = unitTarget(source, instance);
    // A minimal system has no directory for users and temporary files of its own.
    await mkdir(dirname(target), { recursive: true });
    return ensureFile(target, rendered, { mode: 0o644 });
  };
  const did = sumOf(await Promise.all(unitSources.map(install)));
  await systemTool("systemd-sysusers", unitTarget("sysusers.d/mypaas.conf", instance));
  refuseMissingGroups(await readFile("/etc/group", "utf8"));
  await systemTool("systemd-tmpfiles", "--create", unitTarget("tmpfiles.d/mypaas.conf", instance));
  const { worker } = unitNames(instance);
  const isStale = (await unitProperty(worker, "NeedDaemonReload")) === "yes";
  if (did !== "already there" || isStale) await systemTool("systemctl", "daemon-reload");
  report.done("systemd units", did);
  return did !== "already there";
}

/** Follows the program's version, the server's certificate and what config.yml says, also where the operator wrote it. */
async function stampOf(
  of: Pick<ServiceTools, "config" | "pin">,
  world: Pick<World, "packageRoot">,
): Promise<string> {
  const manifest = await readFile(`${world.packageRoot}/package.json`);
  const hash = createHash("sha256").update(manifest).update(JSON.stringify(of));
  return hash.digest("hex").slice(0, 16);
}

/** Takes the text of /etc/group; a number under another name is fine as long as it is a group: sockets go by number. */
export function refuseMissingGroups(text: string): void {
  const groups = text.split("\n").map((line) => line.split(":")[2]);
  for (const id of [receiverUid, traefikUid])
    if (!groups.includes(String(id)))
      throw new UserError(`group ${id}: cannot be created`, {
        hint: "see why: systemd-sysusers /etc/sysusers.d/mypaas.conf",
      });
}

/** Opens the sockets and starts the worker, again where anything it runs from has changed; both come back at boot. */
export async function ensureRunning(
  { config, report }: Pick<ServiceTools, "config" | "report">,
  isChanged: boolean,
): Promise<void> {
  const { worker, sockets } = unitNames(config.instance);
  const paths = instancePaths(config);
  const files = [paths.localSocket, paths.receiverSocket, paths.dockerSocket];
  const isOpen = (await all(sockets, isActive)) && (await all(files, isThere));
  let didSockets: Done = "already there";
  if (!isOpen || isChanged) {
    // A socket is not opened again while its service holds it.
    if (await isActive(worker)) await systemTool("systemctl", "stop", worker);
    await systemTool("systemctl", "enable", ...sockets);
    await systemTool("systemctl", "restart", ...sockets);
    didSockets = isOpen ? "restarted" : "started";
  }
  report.done("sockets", didSockets);
  const isEnabled = (await unitProperty(worker, "UnitFileState")) === "enabled";
  if (!isEnabled) await systemTool("systemctl", "enable", worker);
  const isRunning = await isActive(worker);
  if (!isRunning) await startWorker(worker);
  report.done(`worker ${worker}`, workerDid(isRunning, isEnabled, didSockets));
}

function workerDid(isRunning: boolean, isEnabled: boolean, sockets: Done): Done {
  if (!isRunning) return sockets === "restarted" ? "restarted" : "started";
  return isEnabled ? "already there" : "changed";
}

async function startWorker(worker: string): Promise<void> {
  try {
    await systemTool("systemctl", "reset-failed", worker).catch(() => "");
    await systemTool("systemctl", "start", worker);
  } catch (cause) {
    throw new UserError(`worker: ${worker} does not start`, {
      code: "worker",
      hint: `see its log: journalctl --unit ${worker}`,
      details: await journalTail(worker, 15),
      cause,
    });
  }
}

const isActive = async (unit: string): Promise<boolean> =>
  (await unitProperty(unit, "ActiveState")) === "active";

const all = async (names: readonly string[], is: (name: string) => Promise<boolean>) =>
  (await Promise.all(names.map(is))).every(Boolean);
