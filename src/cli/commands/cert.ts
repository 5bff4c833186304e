import { readHost } from "../../core/dockerfile/hosts.ts";
import { UserError } from "../../core/errors.ts";
import type { Action } from "../../core/actions/actions.ts";
import type { CertificateInfo } from "../../core/actions/certificates.ts";
import type { Results } from "../../core/actions/actions.ts";
import { readCertificateFiles } from "../input/certificate-files.ts";
import { connect } from "../connect/connect.ts";
import type { CommandIo, ExitCode } from "../io.ts";
import { hintFor } from "../output/remote-hint.ts";
import {
  expiry,
  renderCertificates,
  renderHosts,
  type Reading,
} from "../output/render-certificates.ts";
import { commandLine } from "../output/shell-words.ts";
import { themeOf } from "../output/theme.ts";

export interface CertArgs {
  readonly remote?: string | undefined;
  readonly key?: string | undefined;
  readonly runDir?: string | undefined;
}

export interface CertAddArgs extends CertArgs {
  readonly host: string;
  /** Path of its file. */
  readonly certificate: string;
  /** Path of its file. */
  readonly privateKey: string;
}

/** `mypaas cert [list]`: every host that wants https, and what the others wait for. */
export async function certList(args: CertArgs, io: CommandIo): Promise<ExitCode> {
  const asked = (await request({ action: "cert.list" }, args, io)) as Results["cert.list"];
  const list = { ...asked, certificates: forHere(asked.certificates, args) };
  io.answer(renderCertificates(list, readingOf(io)), list);
  return 0;
}

/** `mypaas cert add HOST CERTIFICATE KEY`: the server serves it from then on, and asks nobody for one. */
export async function certAdd(args: CertAddArgs, io: CommandIo): Promise<ExitCode> {
  const host = certificateHost(args.host);
  const texts = await readCertificateFiles({ ...args, host }, io.world.cwd);
  const asked = await request({ action: "cert.add", host, ...texts }, args, io);
  const added = (asked as Results["cert.add"]).certificate;
  const [certificate = added] = forHere([added], args);
  io.answer(describe(certificate, readingOf(io)), { certificate });
  const { reason, hint } = certificate;
  if (reason !== undefined)
    io.say({ kind: "warning", text: reason, ...(hint !== undefined && { hint }) });
  if (certificate.unused === true)
    io.say({ kind: "note", text: `no service has a use for it now: ${host}` });
  return 0;
}

/** `mypaas cert remove HOST`: one that was added. */
export async function certRemove(
  args: CertArgs & { readonly host: string },
  io: CommandIo,
): Promise<ExitCode> {
  const action = { action: "cert.remove", host: certificateHost(args.host) } as const;
  const { host } = (await request(action, args, io)) as Results["cert.remove"];
  io.answer(`the own certificate of ${host} is forgotten`, { host });
  return 0;
}

/** `mypaas cert retry [HOST]`: 1 unless every host that was asked for has its certificate. */
export async function certRetry(
  args: CertArgs & { readonly host?: string | undefined },
  io: CommandIo,
): Promise<ExitCode> {
  const which = args.host === undefined ? {} : { host: certificateHost(args.host) };
  const asked = await request({ action: "cert.retry", ...which }, args, io);
  const certificates = forHere((asked as Results["cert.retry"]).certificates, args);
  const text =
    certificates.length === 0
      ? "nothing to ask for: no host is without its certificate"
      : renderHosts(certificates, readingOf(io));
  io.answer(text, { certificates });
  return certificates.every(({ state }) => state === "issued" || state === "own") ? 0 : 1;
}

async function request(action: Action, args: CertArgs, io: CommandIo): Promise<unknown> {
  const connection = await connect(io, args.remote, args);
  try {
    return (await connection.ask(action)).result;
  } finally {
    await connection.close();
  }
}

/** With ways out that can be typed here. */
const forHere = (
  certificates: readonly CertificateInfo[],
  { remote }: CertArgs,
): readonly CertificateInfo[] =>
  certificates.map((one) =>
    one.hint === undefined || remote === undefined
      ? one
      : { ...one, hint: hintFor(commandLine(remote), one.hint) },
  );

/** An answer stands on stdout, so that decides about its colours. */
const readingOf = ({ world }: CommandIo): Reading => ({
  now: world.now(),
  theme: themeOf({ env: world.env, stderr: world.stdout }),
});

function describe(one: CertificateInfo, reading: Reading): string {
  const by = one.certificate === undefined ? "" : ` by ${one.certificate.issuer}`;
  const until = one.certificate === undefined ? "" : `; expires: ${expiry(one, reading)}`;
  return one.state === "own"
    ? `${one.host} has its own certificate${by}${until}`
    : `the certificate of ${one.host} is kept, and not shown yet`;
}

/** As certificates and requests name it. */
function certificateHost(word: string): string {
  const host = readHost(word);
  if ("bad" in host) throw new UserError(`cert: ${host.bad}`, { code: "usage", hint: host.hint });
  if (host.value !== "auto") return host.value;
  throw new UserError("cert: auto stands for a host only in a Dockerfile", {
    code: "usage",
    hint: "name the host itself, as in: mypaas cert list",
  });
}
