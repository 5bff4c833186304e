import { command, hint, hintFields, hintOf } from "../../core/hints.ts";
import { readHost } from "../../core/dockerfile/hosts.ts";
import { UserError } from "../../core/errors.ts";
import type { CertificateInfo } from "../../core/actions/certificates.ts";
import type { CommandFile, CommandIo, ExitCode, ServerOptions } from "../command.ts";
import { ask } from "../connect/ask.ts";
import type { CertAddArgs } from "../input/certificate-files.ts";
import { hintedFor } from "../output/remote-hint.ts";
import {
  expiry,
  renderCertificates,
  renderHosts,
  type Reading,
} from "../output/render-certificates.ts";
import { commandLine } from "../output/shell-words.ts";
import { themeOf } from "../output/theme.ts";

export const declaration: CommandFile = {
  examples: ["mypaas cert -r prod", "mypaas cert retry -r prod"],
  run: certList,
  commands: [
    {
      syntax: "list",
      summary: "list the certificate of each https host; same as mypaas cert",
      examples: ["mypaas cert list", "mypaas cert list -r prod --json"],
      run: certList,
    },
    {
      syntax: "add <host> <cert> <key>",
      summary: "use a certificate of your own, from two PEM files",
      examples: [
        "mypaas cert add www.example.com fullchain.pem privkey.pem -r prod",
        "mypaas cert add '*.example.com' wildcard.pem wildcard.key -r prod",
      ],
      named: ["host", "certificate", "privateKey"],
      run: certAdd,
    },
    {
      syntax: "remove <host>",
      summary: "remove a certificate that was added",
      examples: [
        "mypaas cert remove www.example.com",
        "mypaas cert remove www.example.com -r prod",
      ],
      run: certRemove,
    },
    {
      syntax: "retry [host]",
      summary: "request a certificate now, for one host or all that have none",
      examples: ["mypaas cert retry -r prod", "mypaas cert retry www.example.com -r prod"],
      run: certRetry,
    },
  ],
};

/** `mypaas cert [list]`: every host that wants https, and why some have no certificate yet. */
export async function certList(args: ServerOptions, io: CommandIo): Promise<ExitCode> {
  const asked = await ask({ action: "cert.list" }, args, io);
  const list = { ...asked, certificates: asked.certificates.map(forHere(args)) };
  io.answer(renderCertificates(list, readingOf(io)), list);
  return 0;
}

/** `mypaas cert add HOST CERTIFICATE KEY`: the server serves it from then on, and asks no CA for one. */
export async function certAdd(args: CertAddArgs, io: CommandIo): Promise<ExitCode> {
  const { readCertificateFiles } = await import("../input/certificate-files.ts");
  const host = certificateHost(args.host);
  const texts = await readCertificateFiles({ ...args, host }, io.world.cwd);
  const added = await ask({ action: "cert.add", host, ...texts }, args, io);
  const certificate = forHere(args)(added.certificate);
  io.answer(describe(certificate, readingOf(io)), { certificate });
  const { reason } = certificate;
  if (reason !== undefined)
    io.say({ kind: "warning", text: reason, ...hintFields(hintOf(certificate)) });
  if (certificate.unused === true) io.say({ kind: "note", text: `no service uses ${host} now` });
  return 0;
}

/** `mypaas cert remove HOST`: one that was added. */
export async function certRemove(
  args: Pick<CertAddArgs, "host"> & ServerOptions,
  io: CommandIo,
): Promise<ExitCode> {
  const which = certificateHost(args.host);
  const { host } = await ask({ action: "cert.remove", host: which }, args, io);
  io.answer(`the manual certificate of ${host} is removed`, { host });
  return 0;
}

/** `mypaas cert retry [HOST]`: 1 unless every host that was asked for has its certificate. */
export async function certRetry(
  args: ServerOptions & { readonly host?: string | undefined },
  io: CommandIo,
): Promise<ExitCode> {
  const which = args.host === undefined ? {} : { host: certificateHost(args.host) };
  const asked = await ask({ action: "cert.retry", ...which }, args, io);
  const certificates = asked.certificates.map(forHere(args));
  const text =
    certificates.length === 0
      ? "nothing to do: every host has its certificate"
      : renderHosts(certificates, readingOf(io));
  io.answer(text, { certificates });
  return certificates.every(({ state }) => state === "issued" || state === "own") ? 0 : 1;
}

/** With ways out that can be typed here. */
const forHere =
  ({ remote }: ServerOptions) =>
  (one: CertificateInfo): CertificateInfo =>
    hintedFor(remote && commandLine(remote), one);

/** An answer stands on stdout, so that decides about its colours. */
const readingOf = ({ world }: CommandIo): Reading => ({
  now: world.now(),
  theme: themeOf(world, "stdout"),
});

function describe(one: CertificateInfo, reading: Reading): string {
  const { host, state, certificate } = one;
  if (state !== "own") return `the certificate of ${host} is stored, but not served yet`;
  const facts = certificate && ` by ${certificate.issuer}; expires: ${expiry(one, reading)}`;
  return `${host} has a manual certificate${facts ?? ""}`;
}

/** As certificates and requests name it. */
function certificateHost(word: string): string {
  const host = readHost(word);
  if ("bad" in host) throw new UserError(`cert: ${host.bad}`, { code: "usage", hint: host.hint });
  if (host.value !== "auto") return host.value;
  throw new UserError("cert: auto is a host only in a Dockerfile", {
    code: "usage",
    hint: hint`name the host itself, as in: ${command("cert list")}`,
  });
}
