import { isIP } from "node:net";
import { isAbsolute, resolve } from "node:path";
import { UserError } from "../../core/errors.ts";
import { readHost } from "../../core/dockerfile/hosts.ts";
import {
  defaultInstance,
  defaultRunDir,
  defaultStateDir,
  type InstanceConfig,
} from "../../core/server/instance.ts";
import { wantedCertificates, type CertificateOptions } from "./certificate-options.ts";
import { wantedNetwork, type NetworkOptions } from "./network-options.ts";
import { refused } from "./refused.ts";
import { command, hint } from "../../core/hints.ts";

/** Options of the command line; an option that is left out keeps its value, or takes its default. */
export interface InitOptions extends CertificateOptions, NetworkOptions {
  readonly domain?: string;
  readonly host?: string;
  readonly email?: string;
  readonly key?: readonly string[];
  readonly state?: string;
  readonly runDir?: string;
  readonly instance?: string;
  readonly httpPort?: number;
  readonly httpsPort?: number;
  /** False with `--no-registry`. */
  readonly registry?: boolean;
  /** False with `--no-api`. */
  readonly api?: boolean;
  readonly systemd?: boolean;
  readonly git?: boolean;
  readonly traefikImage?: string;
  readonly traefikBinary?: string;
}

/** Newest release that was tried; older ones than 3.7.13 are not enough. */
export const defaultTraefikImage = "traefik:v3.7.15";

/** The state directory of the instance that the options name. */
export function stateDirOf(options: InitOptions, cwd: string): string {
  if (options.state !== undefined) return resolve(cwd, options.state);
  const { instance = defaultInstance } = options;
  return instance === defaultInstance ? defaultStateDir : `/var/lib/${instance}`;
}

/** Everything about the instance but its images, from the options, then from before, then from the defaults; throws UserError for a value that cannot be. */
export function wantedConfig(
  options: InitOptions,
  more: Pick<InstanceConfig, "stateDir" | "server" | "owner"> & {
    readonly before: InstanceConfig | undefined;
    readonly cwd: string;
    /** True where the kernel has IPv6. */
    readonly hasIPv6?: boolean;
  },
): InstanceConfig {
  const { before, stateDir } = more;
  const instance = options.instance ?? before?.instance ?? defaultInstance;
  if (!/^[a-z0-9][a-z0-9-]{0,30}$/.test(instance))
    throw refused("instance", "a name of a-z, 0-9 and -, at most 31 long", instance);
  if (before !== undefined && before.instance !== instance)
    throw new UserError(
      `${stateDir}: belongs to instance "${before.instance}", not "${instance}"`,
      {
        hint: hint`give the other instance a place of its own: ${command(`init --instance ${instance} --state /var/lib/${instance}`)}`,
      },
    );
  const httpPort = readPort("http-port", options.httpPort ?? before?.httpPort ?? 80);
  const httpsPort = readPort("https-port", options.httpsPort ?? before?.httpsPort ?? 443);
  if (httpPort === httpsPort)
    throw new UserError(`--https-port: should not be the http port, got ${httpsPort}`, {
      code: "usage",
      hint: hint`give each a port of its own: ${command("init --http-port 8080 --https-port 8443")}`,
    });
  const domain = options.domain === undefined ? before?.domain : readName("domain", options.domain);
  const email = options.email === undefined ? before?.email : readEmail(options.email);
  const registry = options.registry ?? before?.registry === true;
  const api = options.api ?? before?.api === true;
  if (registry && domain === undefined)
    throw needsDomain("--registry", "images are pushed to the server's own name");
  if (api && domain === undefined)
    throw needsDomain("--api", "the API answers at the server's own name");
  return {
    version: 1,
    instance,
    server: before?.server ?? more.server,
    stateDir: readPath("state", stateDir, more.cwd),
    runDir: readPath("run-dir", options.runDir ?? before?.runDir ?? runDirOf(instance), more.cwd),
    ...wantedNetwork(options, before, more.hasIPv6 === true),
    httpPort,
    httpsPort,
    ...(domain === undefined ? {} : { domain }),
    ...(email === undefined ? {} : { email }),
    ...wantedCertificates(options, before),
    ...((options.git ?? before?.git) === true && { git: true }),
    ...(registry && { registry }),
    ...(api && { api }),
    traefikImage: options.traefikImage ?? before?.traefikImage ?? defaultTraefikImage,
    receiverImage: before?.receiverImage ?? "",
    owner: before?.owner ?? more.owner,
    ...(before?.egress !== undefined && { egress: before.egress }),
    volumes: before?.volumes ?? { allow: [] },
  };
}

/** The options that decide something together; throws UserError for combinations that mean nothing. */
export function checkOptions(options: InitOptions): void {
  if (options.host !== undefined && isIP(options.host) === 0) readName("host", options.host);
  if (options.traefikImage !== undefined && options.traefikBinary !== undefined)
    throw new UserError("--traefik-image and --traefik-binary: only one of them can be given", {
      code: "usage",
      hint: "leave one of them out",
    });
}

const needsDomain = (option: string, why: string): UserError =>
  new UserError(`${option}: ${why}, and it has none`, {
    code: "usage",
    hint: hint`give it one: ${command(`init ${option} --domain paas.example.com`)}`,
  });

const runDirOf = (instance: string): string =>
  instance === defaultInstance ? defaultRunDir : `/run/${instance}`;

function readName(option: "domain" | "host", text: string): string {
  const host = readHost(text);
  if ("value" in host && host.value !== "auto" && !host.value.startsWith("*.") && isIP(text) === 0)
    return host.value;
  throw refused(option, "a host name such as paas.example.com", text);
}

function readEmail(text: string): string {
  if (/^[^\s@<>"]+@[^\s@<>"]+\.[^\s@<>".]+$/.test(text)) return text;
  throw refused("email", "an address such as me@example.com", text);
}

function readPort(option: string, port: number): number {
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  throw refused(option, "a port from 1 to 65535", String(port));
}

/** A path goes into unit files and container mounts, which give some characters a meaning. */
function readPath(option: string, text: string, cwd: string): string {
  const path = resolve(cwd, text);
  if (isAbsolute(path) && path !== "/" && /^[A-Za-z0-9_./@+-]+$/.test(path)) return path;
  throw refused(option, "a folder named with letters, digits and _ . - @ +", text);
}
