import { X509Certificate } from "node:crypto";
import { readFile, rm } from "node:fs/promises";
import { resolve } from "node:path";
import { codeOf, ensureFile, readIfThere, type FileMode } from "../../adapters/files.ts";
import { UserError } from "../../core/errors.ts";
import { acmeOf } from "../../core/server/acme.ts";
import { instancePaths, type InstanceConfig } from "../../core/server/instance.ts";
import type { CommandIo } from "../command.ts";
import { readLines, readValues, type ValueLines } from "../input/value-lines.ts";
import type { CertificateOptions } from "./certificate-options.ts";
import { unreadable } from "./refused.ts";
import type { Report } from "./report.ts";
import { command, hint } from "../../core/hints.ts";

/** The two files of a server's certificates: as the options name them, else as an earlier run kept them. */
export interface AcmeFiles {
  /** PEM, certificates and nothing else. */
  readonly ca?: string;
  readonly dns?: ValueLines;
}

/** Reads and checks both before anything is changed; throws UserError for one that is missing or holds something else. */
export async function readAcmeFiles(
  options: CertificateOptions,
  config: InstanceConfig,
  io: CommandIo,
): Promise<AcmeFiles> {
  const { hasCa, dnsProvider } = acmeOf(config);
  const paths = instancePaths(config);
  const ca = hasCa ? await readCa(options.acmeCa, paths.acmeCa, io) : undefined;
  const dns = dnsProvider === undefined ? undefined : await readDns(options, paths.dnsEnv, io);
  return { ...(ca === undefined ? {} : { ca }), ...(dns === undefined ? {} : { dns }) };
}

async function readCa(
  file: string | undefined,
  kept: string,
  { world }: CommandIo,
): Promise<string | undefined> {
  try {
    const text = await readFile(file === undefined ? kept : resolve(world.cwd, file), "utf8");
    return certificatesOf(text, file ?? kept);
  } catch (error) {
    // Without root the state is unreadable; missing root is reported instead.
    if (file === undefined && codeOf(error) === "EACCES") return undefined;
    throw unreadable(file ?? kept, error, caHint);
  }
}

/** The certificates of a PEM text, without what else stands in it: a private key must not get into a file that everybody may read. */
export function certificatesOf(text: string, place: string): string {
  const found = text.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  if (found.length === 0) throw badCa(`${place}: holds no certificate`);
  found.forEach((pem, index) => {
    try {
      new X509Certificate(pem);
    } catch (cause) {
      throw badCa(`${place}: certificate ${index + 1} is damaged`, cause);
    }
  });
  return found.map((pem) => `${pem}\n`).join("");
}

async function readDns(
  { dnsEnv }: CertificateOptions,
  kept: string,
  io: CommandIo,
): Promise<AcmeFiles["dns"]> {
  if (dnsEnv !== undefined) return readValues(dnsEnv, io);
  const before = await readIfThere(kept).catch((error: unknown) => {
    if (codeOf(error) === "EACCES") return undefined;
    throw error;
  });
  const text = before?.toString("utf8");
  return text === undefined ? undefined : readLines(text, kept);
}

/** Makes the state hold exactly these files, by default as root's; nothing is said of one that is neither there nor wanted. */
export async function ensureAcmeFiles(
  config: InstanceConfig,
  { ca, dns }: AcmeFiles,
  report: Report,
  owner: FileMode["owner"] = { uid: 0, gid: 0 },
): Promise<void> {
  const paths = instancePaths(config);
  const certificate = { what: "certificate of the ACME server's CA", mode: 0o644, owner };
  await place({ ...certificate, path: paths.acmeCa, text: ca }, report);
  const values = { what: "values for the DNS provider", mode: 0o600, owner };
  await place({ ...values, path: paths.dnsEnv, text: dns?.text }, report);
}

interface Place extends FileMode {
  readonly what: string;
  readonly path: string;
  readonly text: string | undefined;
}

async function place({ what, path, text, ...access }: Place, report: Report): Promise<void> {
  if (text !== undefined) {
    report.done(what, await ensureFile(path, text, access));
  } else if ((await readIfThere(path)) !== undefined) {
    await rm(path);
    report.done(what, "removed");
  }
}

const badCa = (message: string, cause?: unknown): UserError =>
  new UserError(message, { hint: caHint, cause });

const caHint = hint`give the PEM file of the CA: ${command("init --acme-ca FILE")}`;
