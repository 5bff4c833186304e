import { createReadStream } from "node:fs";
import { resolve } from "node:path";
import { codeOf } from "../../adapters/files.ts";
import { maxPemBytes } from "../../core/certificates/certificate-files.ts";
import { UserError } from "../../core/errors.ts";
import { plainText } from "../../core/terminal-text.ts";
import type { ServerOptions } from "../command.ts";
import { commandLine, option } from "../output/shell-words.ts";
import { command, hint } from "../../core/hints.ts";

/** A certificate and its private key: the paths of their files, or their texts in PEM. */
interface Pair {
  readonly certificate: string;
  readonly privateKey: string;
}

/** What `cert add` takes. */
export interface CertAddArgs extends Pair, ServerOptions {
  readonly host: string;
}

/** Reads both files, which may be one, without what else they hold; throws UserError "cert" that never shows what is in them. */
export async function readCertificateFiles(paths: CertAddArgs, cwd: string): Promise<Pair> {
  const first = found(await read("certificate", paths.certificate, cwd));
  const second = found(await read("private key", paths.privateKey, cwd));
  if (first.certificates.length === 0) throw noCertificate(paths, first, second);
  const [privateKey] = second.keys;
  if (privateKey === undefined) throw noKey(paths, second);
  return { certificate: text(first.certificates), privateKey: text([privateKey]) };
}

/** Reads no more than may be there, so that it may also be a pipe. */
async function read(what: string, path: string, cwd: string): Promise<string> {
  const place = `${what} ${plainText(path)}`;
  const parts: Buffer[] = [];
  try {
    for await (const part of createReadStream(resolve(cwd, path), { end: maxPemBytes }))
      parts.push(part as Buffer);
  } catch (cause) {
    throw unreadable(place, path, cause);
  }
  const bytes = Buffer.concat(parts);
  if (bytes.length <= maxPemBytes) return bytes.toString("utf8");
  throw new UserError(`${place}: has more than ${maxPemBytes} bytes`, { code: "cert" });
}

function unreadable(place: string, path: string, cause: unknown): UserError {
  const code = codeOf(cause);
  if (code === "ENOENT" || code === "ENOTDIR")
    return new UserError(`${place}: no such file`, {
      code: "cert",
      hint: hint`name both files: ${command("cert add HOST fullchain.pem privkey.pem")}`,
      cause,
    });
  if (code === "EISDIR") return new UserError(`${place}: is a folder`, { code: "cert", cause });
  const isForbidden = code === "EACCES" || code === "EPERM";
  return new UserError(`${place}: ${isForbidden ? "permission denied" : `unreadable (${code})`}`, {
    code: "cert",
    hint: `see its permissions: ${commandLine("ls", "-l", plainText(path))}`,
    cause,
  });
}

interface Found {
  readonly certificates: readonly string[];
  /** Those that a TLS server can use: not encrypted, and no keys of SSH. */
  readonly keys: readonly string[];
  readonly isEncrypted: boolean;
  /** One begins and does not end. */
  readonly isCut: boolean;
  /** Binary (X.690), as browsers and Windows export it. */
  readonly isDer: boolean;
}

const found = (pem: string): Found => ({
  certificates: pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [],
  keys: pem.match(/-----BEGIN ((?:EC |RSA )?PRIVATE KEY)-----[^-]+-----END \1-----/g) ?? [],
  isCut: /-----BEGIN CERTIFICATE-----/.test(pem),
  isDer: pem.startsWith("0") && pem.includes("\ufffd"),
  isEncrypted: /BEGIN ENCRYPTED PRIVATE KEY|Proc-Type: 4,ENCRYPTED/.test(pem),
});

const text = (blocks: readonly string[]): string => `${blocks.join("\n")}\n`;

function noCertificate(paths: CertAddArgs, first: Found, second: Found): UserError {
  const { host, remote } = paths;
  const certificate = plainText(paths.certificate);
  const place = `certificate ${certificate}`;
  if (first.isCut)
    return new UserError(`${place}: is cut off, it has no -----END CERTIFICATE-----`, {
      code: "cert",
      hint: "copy the whole file again",
    });
  if (first.isDer)
    return new UserError(`${place}: is binary and not PEM`, {
      code: "cert",
      hint: `convert it to PEM: ${commandLine("openssl", "x509", "-inform", "der", "-in", certificate, "-out", "cert.pem")}`,
    });
  if (first.keys.length === 0 && !first.isEncrypted)
    return new UserError(`${place}: holds no certificate in PEM`, {
      code: "cert",
      hint: "name the file that begins with -----BEGIN CERTIFICATE-----",
    });
  const words = [host, plainText(paths.privateKey), certificate, ...option("-r", remote)];
  const turned = commandLine("mypaas", "cert", "add", ...words);
  return new UserError(`${place}: holds a private key and no certificate`, {
    code: "cert",
    hint: second.certificates.length > 0 ? `the certificate comes first: ${turned}` : undefined,
  });
}

function noKey({ privateKey }: CertAddArgs, { certificates, isEncrypted }: Found): UserError {
  const path = plainText(privateKey);
  if (isEncrypted)
    return new UserError(`private key ${path}: is encrypted with a passphrase`, {
      code: "cert",
      hint: `write it without one: ${commandLine("openssl", "pkey", "-in", path, "-out", "plain.pem")}`,
    });
  const instead = certificates.length > 0 ? "holds a certificate and" : "holds";
  return new UserError(`private key ${path}: ${instead} no private key in PEM`, {
    code: "cert",
    hint: "name the file that holds -----BEGIN PRIVATE KEY-----",
  });
}
