import { isAbsolute } from "node:path";
import { type Document, parseDocument } from "yaml";
import { UserError } from "../../core/errors.ts";
import { isDnsProvider, readAcmeServer } from "../../core/server/acme.ts";
import { readAddress, readResolver } from "../../core/server/addresses.ts";
import { instancePaths, type InstanceConfig } from "../../core/server/instance.ts";
import { readAllowed } from "../../core/server/egress-container.ts";
import { readTrustedProxy } from "../../core/server/trusted-proxies.ts";
import { refuseNewer } from "../../core/stored/stored.ts";
import { readIfThere, writeFileAtomic } from "../files.ts";
import { command, hint } from "../../core/hints.ts";

const heading = ` Written by \`mypaas init\`, which keeps your comments, \`volumes.allow\` and \`egress\`.
 After a change: mypaas init (it takes what it is not told from here).`;

/** Reads the configuration that `init` wrote. Throws UserError when it is missing or wrong. */
export async function readInstanceConfig(stateDir: string): Promise<InstanceConfig> {
  const config = await findInstanceConfig(stateDir);
  if (config !== undefined) return config;
  const file = instancePaths({ stateDir, runDir: "" }).config;
  throw new UserError(`${file}: does not exist, so mypaas is not set up here`, {
    code: "no-instance",
    hint: hint`run: sudo ${command("init")}`,
  });
}

/** Like `readInstanceConfig`, but undefined when there is no file yet. */
export async function findInstanceConfig(stateDir: string): Promise<InstanceConfig | undefined> {
  const file = instancePaths({ stateDir, runDir: "" }).config;
  const bytes = await readIfThere(file);
  if (bytes === undefined) return undefined;
  return configOf(parse(bytes.toString("utf8"), file), file);
}

const optionalKeys = [
  "domain",
  "email",
  "acme",
  "resolvers",
  "addresses",
  "trustProxy",
  "urls",
  "git",
  "registry",
  "api",
] as const;

/** Writes the file and keeps the operator's comments, order and `volumes.allow`. False when nothing changed. */
export async function writeInstanceConfig(config: InstanceConfig): Promise<boolean> {
  const file = instancePaths(config).config;
  const before = (await readIfThere(file))?.toString("utf8");
  const document = parse(before ?? "", file);
  if (before === undefined) document.commentBefore = heading;
  for (const [key, value] of Object.entries(config)) {
    if (key === "volumes" || key === "egress") continue;
    if (!isSame(document.get(key), value)) document.set(key, value);
  }
  for (const key of optionalKeys) if (config[key] === undefined) document.delete(key);
  if (!document.hasIn(["volumes", "allow"]))
    document.setIn(["volumes", "allow"], config.volumes.allow);
  const after = document.toString({ lineWidth: 0 });
  if (after === before) return false;
  await writeFileAtomic(file, after, { mode: 0o600 });
  return true;
}

function parse(text: string, file: string): Document {
  const document = parseDocument(text);
  const [error] = document.errors;
  if (error) throw wrong(file, error.message.split("\n")[0] ?? "not YAML", error);
  return document;
}

function isSame(node: unknown, value: unknown): boolean {
  const plain =
    typeof node === "object" &&
    node !== null &&
    "toJSON" in node &&
    typeof node.toJSON === "function"
      ? (node.toJSON() as unknown)
      : node;
  return JSON.stringify(plain) === JSON.stringify(value);
}

function configOf(document: Document, file: string): InstanceConfig {
  const root = fields(document.toJS(), file, "");
  refuseNewer(file, root["version"], 1);
  if (root["version"] !== 1)
    throw wrong(file, `version: should be 1, got ${JSON.stringify(root["version"])}`);
  const owner = fields(root["owner"], file, "owner.");
  const volumes = root["volumes"] === undefined ? {} : fields(root["volumes"], file, "volumes.");
  return {
    version: 1,
    instance: text(root, "instance", file, /^[a-z0-9][a-z0-9-]{0,30}$/),
    server: text(root, "server", file, /^[0-9a-f]{16}$/),
    stateDir: path(root, "stateDir", file),
    runDir: path(root, "runDir", file),
    bind: bind(root, file),
    httpPort: port(root, "httpPort", file),
    httpsPort: port(root, "httpsPort", file),
    ...optional(root, "domain", file),
    ...optional(root, "email", file),
    ...acme(root, file),
    ...list(root, "resolvers", { file, what: "DNS servers such as 1.1.1.1", read: readResolver }),
    ...list(root, "addresses", { file, what: "IP addresses", read: readAddress }),
    ...list(root, "trustProxy", { file, what: "cloudflare, addresses or ranges", read: trusted }),
    ...urls(root, file),
    ...door(root, "git", file),
    ...door(root, "registry", file),
    ...door(root, "api", file),
    ...egress(root, file),
    traefikImage: text(root, "traefikImage", file),
    receiverImage: text(root, "receiverImage", file),
    owner: { name: text(owner, "name", file), home: path(owner, "home", file) },
    volumes: { allow: paths(volumes["allow"], file) },
  };
}

type Fields = Readonly<Record<string, unknown>>;

function fields(value: unknown, file: string, where: string): Fields {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Fields;
  throw wrong(file, `${where || "the file"}: should be a mapping`);
}

function text(from: Fields, name: string, file: string, pattern = /^[^\s\p{Cc}]+$/u): string {
  const value = from[name];
  if (typeof value === "string" && pattern.test(value)) return value;
  // Without its quotes, a server id of digits is a number in YAML.
  throw wrong(file, `${name}: should be a text that fits ${pattern.source}, got ${show(value)}`);
}

const optional = (from: Fields, name: "domain" | "email", file: string): Partial<InstanceConfig> =>
  from[name] === undefined || from[name] === null ? {} : { [name]: text(from, name, file) };

/** A list, or the one text of 0.1.0. */
function bind(root: Fields, file: string): InstanceConfig["bind"] {
  if (!Array.isArray(root["bind"])) return text(root, "bind", file);
  const { bind: addresses = [] } = list(root, "bind", {
    file,
    what: "IP addresses",
    read: readAddress,
  });
  return addresses;
}

function trusted(entry: string): string | undefined {
  const read = readTrustedProxy(entry);
  return "range" in read ? read.range : undefined;
}

function urls(root: Fields, file: string): Partial<InstanceConfig> {
  const value = root["urls"];
  if (value === undefined || value === null) return {};
  if (value === "kept") return { urls: value };
  throw wrong(file, `urls: should be kept, got ${show(value)}`);
}

function door(
  root: Fields,
  name: "git" | "registry" | "api",
  file: string,
): Partial<InstanceConfig> {
  const value = root[name];
  if (value === undefined || value === null || value === false) return {};
  if (value === true) return { [name]: value };
  throw wrong(file, `${name}: should be true or false, got ${show(value)}`);
}

function egress(root: Fields, file: string): Partial<InstanceConfig> {
  if (root["egress"] === undefined || root["egress"] === null) return {};
  const { allow } = fields(root["egress"], file, "egress.");
  if (!Array.isArray(allow)) throw wrong(file, "egress.allow: should be a list of addresses");
  for (const entry of allow as readonly unknown[])
    if (typeof entry !== "string" || readAllowed(entry) === undefined)
      throw wrong(
        file,
        `egress.allow: should hold addresses such as 10.0.0.5, 10.0.0.0/8 or 10.0.0.5:8443, got ${show(entry)}`,
      );
  return { egress: { allow: allow as readonly string[] } };
}

function acme(root: Fields, file: string): Partial<InstanceConfig> {
  if (root["acme"] === undefined || root["acme"] === null) return {};
  const from = fields(root["acme"], file, "acme.");
  const { server, hasCa, lifetimeHours, dnsProvider = null } = from;
  const url = typeof server === "string" ? readAcmeServer(server) : undefined;
  if (url === undefined)
    throw wrong(file, `acme.server: should be an https:// URL, got ${show(server)}`);
  if (typeof hasCa !== "boolean")
    throw wrong(file, `acme.hasCa: should be true or false, got ${show(hasCa)}`);
  if (typeof lifetimeHours !== "number" || !Number.isInteger(lifetimeHours) || lifetimeHours < 1)
    throw wrong(file, `acme.lifetimeHours: should be whole hours, got ${show(lifetimeHours)}`);
  if (dnsProvider === null) return { acme: { server: url, hasCa, lifetimeHours } };
  if (typeof dnsProvider !== "string" || !isDnsProvider(dnsProvider))
    throw wrong(file, `acme.dnsProvider: should be a lego code, got ${show(dnsProvider)}`);
  return { acme: { server: url, hasCa, lifetimeHours, dnsProvider } };
}

function path(from: Fields, name: string, file: string): string {
  const value = from[name];
  if (typeof value === "string" && isAbsolute(value) && !/\p{Cc}/u.test(value)) return value;
  throw wrong(file, `${name}: should be an absolute path, got ${show(value)}`);
}

function port(from: Fields, name: string, file: string): number {
  const value = from[name];
  if (typeof value === "number" && Number.isInteger(value) && value > 0 && value < 65_536)
    return value;
  throw wrong(file, `${name}: should be a port from 1 to 65535, got ${show(value)}`);
}

function paths(value: unknown, file: string): readonly string[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw wrong(file, "volumes.allow: should be a list of absolute paths");
  for (const entry of value as readonly unknown[])
    if (typeof entry !== "string" || !isAbsolute(entry))
      throw wrong(file, `volumes.allow: should hold absolute paths, got ${show(entry)}`);
  return value as readonly string[];
}

function list(
  from: Fields,
  name: "resolvers" | "addresses" | "bind" | "trustProxy",
  kind: { file: string; what: string; read: (entry: string) => string | undefined },
): Partial<InstanceConfig> {
  const { file, what, read } = kind;
  const value = from[name];
  if (value === undefined || value === null) return {};
  if (!Array.isArray(value) || value.length === 0)
    throw wrong(file, `${name}: should be a list of ${what}, got ${show(value)}`);
  const entries = (value as readonly unknown[]).map((entry) => {
    const known = typeof entry === "string" ? read(entry) : undefined;
    if (known !== undefined) return known;
    throw wrong(file, `${name}: should hold ${what}, got ${show(entry)}`);
  });
  return { [name]: entries };
}

const show = (value: unknown): string => (value === undefined ? "nothing" : JSON.stringify(value));

const wrong = (file: string, what: string, cause?: unknown): UserError =>
  new UserError(`${file}: ${what}`, {
    code: "bad-config",
    hint: hint`correct the file, then run: ${command("init")}`,
    cause,
  });
