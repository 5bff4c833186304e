import {
  identityFile,
  makeIdentity,
  readIdentity,
  type Identity,
} from "../../adapters/host/certificate.ts";
import {
  ensureDirectory,
  ensureFile,
  readIfThere,
  writeFileAtomic,
  type Ensured,
  type FileMode,
} from "../../adapters/files.ts";
import { dynamicYaml, withCertificate } from "../../core/routing/dynamic-yaml.ts";
import { UserError } from "../../core/errors.ts";
import { instancePaths, type InstanceConfig } from "../../core/server/instance.ts";
import { receiverUid, traefikUid } from "../../core/server/uids.ts";
import type { ReceiverConfig } from "../../core/server/receiver-container.ts";
import { urlsAndTrust } from "../../core/server/trusted-proxies.ts";
import { dynamicConfig } from "../../core/routing/dynamic-config.ts";
import { saysTheSame, traefikStatic, type Gateways } from "../../core/routing/traefik-static.ts";

const root = { uid: 0, gid: 0 };
const receiver = { uid: receiverUid, gid: receiverUid };
const traefik = { uid: traefikUid, gid: traefikUid };

/** Directories of an instance with owner and mode; those below `runDir` are made again at boot by tmpfiles.d. */
export function directories(config: Pick<InstanceConfig, "stateDir" | "runDir">) {
  const paths = instancePaths(config);
  return {
    state: [
      { path: config.stateDir, mode: 0o700, owner: root },
      { path: paths.blobs, mode: 0o700, owner: root },
      { path: paths.localSpool, mode: 0o700, owner: root },
      { path: paths.spool, mode: 0o700, owner: receiver },
      { path: paths.receiverDir, mode: 0o755, owner: root },
      { path: paths.traefikDir, mode: 0o755, owner: root },
      // The dynamic file holds the key of the server's certificate.
      { path: paths.dynamicDir, mode: 0o750, owner: { uid: 0, gid: traefikUid } },
      { path: paths.acmeDir, mode: 0o700, owner: traefik },
    ],
    run: [
      { path: config.runDir, mode: 0o755, owner: root },
      { path: `${config.runDir}/local`, mode: 0o700, owner: root },
      { path: paths.receiverSocketDir, mode: 0o750, owner: { uid: 0, gid: receiverUid } },
      { path: paths.dockerSocketDir, mode: 0o750, owner: { uid: 0, gid: traefikUid } },
    ],
  } as const;
}

/** Makes every directory, or gives it back its mode and owner. */
export async function ensureDirectories(
  wanted: readonly (FileMode & { readonly path: string })[],
): Promise<Ensured> {
  const found: Ensured[] = [];
  // Parents stand before what is in them.
  // oxlint-disable-next-line no-await-in-loop
  for (const one of wanted) found.push(await ensureDirectory(one.path, one));
  return sumOf(found);
}

/** Several findings as one: created when nothing was there before, else changed when anything was done. */
export function sumOf(found: readonly Ensured[]): Ensured {
  if (found.every((one) => one === "already there")) return "already there";
  return found.every((one) => one === "created") ? "created" : "changed";
}

/** Makes the server's certificate once; it never changes, because laptops have pinned it. */
export async function ensureIdentity(
  config: InstanceConfig,
  now: number,
): Promise<{ readonly identity: Identity; readonly found: Ensured }> {
  const file = instancePaths(config).identity;
  const pem = await readIfThere(file);
  if (pem === undefined) {
    const identity = await makeIdentity(config.server, now);
    await writeFileAtomic(file, identityFile(identity), { mode: 0o600, owner: root });
    return { identity, found: "created" };
  }
  try {
    return { identity: readIdentity(pem.toString("utf8")), found: "already there" };
  } catch (cause) {
    throw new UserError(`${file}: holds no usable certificate and key`, {
      hint: "restore it from a backup, or move it away, run init again and add the remote again on every laptop",
      cause,
    });
  }
}

/** Writes `receiver.json`. */
export async function ensureReceiverConfig(config: InstanceConfig): Promise<Ensured> {
  const wanted: ReceiverConfig = { version: 1, server: config.server };
  const text = `${JSON.stringify(wanted)}\n`;
  return ensureFile(instancePaths(config).receiverConfig, text, { mode: 0o644, owner: root });
}

/** Writes Traefik's static configuration; says also what it says, so that a change makes a new container. */
export async function ensureTraefikStatic(
  config: InstanceConfig,
  template: string,
  gateways: Gateways,
): Promise<{ readonly found: Ensured; readonly text: string }> {
  const file = instancePaths(config).traefikStatic;
  const before = (await readIfThere(file))?.toString("utf8");
  const wanted = traefikStatic(template, config, gateways);
  // Other comments or counts are no reason for a new container, which closes the ports for a moment.
  const text = before !== undefined && saysTheSame(before, wanted) ? before : wanted;
  return { found: await ensureFile(file, text, { mode: 0o644, owner: root }), text };
}

/** Writes the dynamic file of a server without services where there is none. Later ones are the worker's; only the server's certificate is put right in them, which changes when its file was lost. */
export async function ensureDynamicFile(
  config: InstanceConfig,
  identity: Identity,
): Promise<Ensured> {
  const file = instancePaths(config).dynamicFile;
  const before = (await readIfThere(file))?.toString("utf8");
  const certificate = { cert: identity.certificate, key: identity.privateKey };
  if (before !== undefined) {
    const text = withCertificate(before, certificate);
    if (text === undefined) return "already there";
    await writeFileAtomic(file, text, { mode: 0o400, owner: traefik });
    return "changed";
  }
  const { instance, httpsPort, server } = config;
  const facts = { instance, httpsPort, server, certificate, ...urlsAndTrust(config) };
  const yaml = dynamicYaml(dynamicConfig({ server: facts, live: [], switches: [] }));
  await writeFileAtomic(file, yaml, { mode: 0o640, owner: { uid: 0, gid: traefikUid } });
  return "created";
}
