import {
  defaultInstance,
  defaultRunDir,
  defaultStateDir,
  type InstanceConfig,
} from "./instance.ts";

/** The files in `systemd/`; as they are, they are valid for the default instance. */
export const unitSources = [
  "sysusers.d/mypaas.conf",
  "tmpfiles.d/mypaas.conf",
  "mypaas-local.socket",
  "mypaas-receiver.socket",
  "mypaas-docker.socket",
  "mypaas-worker.service",
] as const;
export type UnitSource = (typeof unitSources)[number];

export const socketNames = ["local", "receiver", "docker"] as const;

/** Names of an instance's units; a socket's name is also its FileDescriptorName. */
export const unitNames = (instance: string) => ({
  worker: `${instance}-worker.service`,
  sockets: socketNames.map((name) => `${instance}-${name}.socket`),
});

/** A small young generation and smaller code save 10 MiB while the worker is idle. */
export const workerNodeFlags = ["--max-semi-space-size=1", "--optimize-for-size"] as const;

/** Values that differ between servers. */
export interface UnitValues extends Pick<InstanceConfig, "instance" | "stateDir" | "runDir"> {
  /** Home of the user that ran init. */
  readonly home: string;
  readonly node: string;
  readonly entry: string;
  /** Changes with the program and its configuration, so that an upgrade restarts the worker. */
  readonly stamp: string;
}

/** Path of an installed unit file; files of all instances share one path. */
export function unitTarget(source: UnitSource, instance: string): string {
  if (source === "sysusers.d/mypaas.conf") return "/etc/sysusers.d/mypaas.conf";
  if (source === "tmpfiles.d/mypaas.conf") return `/etc/tmpfiles.d/${instance}.conf`;
  return `/etc/systemd/system/${source.replace(/^mypaas/, instance)}`;
}

/** The text of a unit file for one server, with its own paths and unit names. */
export function renderUnit(text: string, values: UnitValues): string {
  const { instance } = values;
  const program = `ExecStart=${[values.node, ...workerNodeFlags, values.entry, "worker", "--state", values.stateDir].map(word).join(" ")}`;
  const writable = [values.stateDir, values.runDir, `-${values.home}`].map(word).join(" ");
  return text
    .split("\n")
    .map((line) => {
      if (line.startsWith("#")) return line;
      if (line.startsWith("ExecStart=")) return program;
      if (line.startsWith("X-Mypaas-Stamp=")) return `X-Mypaas-Stamp=${values.stamp}`;
      if (line.startsWith("ReadWritePaths=")) return `ReadWritePaths=${writable}`;
      return line
        .replaceAll(
          /\bmypaas-(worker\.service|(?:local|receiver|docker)\.socket)/g,
          `${instance}-$1`,
        )
        .replaceAll(defaultStateDir, () => specifier(values.stateDir))
        .replaceAll(defaultRunDir, () => specifier(values.runDir))
        .replace(
          /^(Description=mypaas)\b/,
          `$1${instance === defaultInstance ? "" : ` (${instance})`}`,
        );
    })
    .join("\n");
}

/** One quoted argument for systemd: `%`, `$` and quotes are special. */
function word(text: string): string {
  const escaped = specifier(text)
    .replaceAll("\\", "\\\\")
    .replaceAll('"', '\\"')
    .replaceAll("$", "$$$$");
  return /^[A-Za-z0-9_./@%+:=-]+$/.test(escaped) ? escaped : `"${escaped}"`;
}

const specifier = (text: string): string => text.replaceAll("%", "%%");
