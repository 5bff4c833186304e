import { createHash } from "node:crypto";
import { actions, type Action, type ActionName } from "../../src/core/actions/actions.ts";

const options = { pull: false, noCache: false };
const text = "# mypaas.servicename = web\nFROM scratch\n";
const sha256 = createHash("sha256").update(text).digest("hex");
const entries = [{ path: "Dockerfile", mode: 0o644, size: text.length, sha256 }];
const push = { dockerfile: "Dockerfile", entries, options };
const program = { command: ["true"] };

type Sample<K extends ActionName> = (service: string) => Action & { readonly action: K };

/** One of every action that there is; a new one without a sample is a compile error. None of them does anything on a server without services, keys and registries of these names. */
export const samples: { readonly [K in ActionName]: Sample<K> } = {
  push: (service) => ({ action: "push", service, push }),
  plan: (service) => ({ action: "plan", service, push, text }),
  rollback: (service) => ({ action: "rollback", service }),
  cancel: (service) => ({ action: "cancel", service }),
  scale: (service) => ({ action: "scale", service, replicas: 2 }),
  restart: (service) => ({ action: "restart", service }),
  stop: (service) => ({ action: "stop", service }),
  start: (service) => ({ action: "start", service }),
  remove: (service) => ({ action: "remove", service, volumes: [] }),
  "remove.list": (service) => ({ action: "remove.list", service }),
  "release.list": (service) => ({ action: "release.list", service }),
  "env.list": (service) => ({ action: "env.list", service }),
  "env.set": (service) => ({ action: "env.set", service, set: { A: "1" }, stage: true }),
  "env.unset": (service) => ({ action: "env.unset", service, names: ["A"], stage: true }),
  "maintenance.show": (service) => ({ action: "maintenance.show", service }),
  "maintenance.set": (service) => ({ action: "maintenance.set", service }),
  "auth.list": (service) => ({ action: "auth.list", service }),
  "auth.set": (service) => ({
    action: "auth.set",
    service,
    user: "ann",
    hash: `$2b$05$${"a".repeat(53)}`,
  }),
  "auth.remove": (service) => ({ action: "auth.remove", service, user: "ann" }),
  logs: (service) => ({ action: "logs", service, follow: false }),
  "job.log": (service) => ({ action: "job.log", service }),
  "job.list": (service) => ({ action: "job.list", service }),
  "job.steps": (service) => ({ action: "job.steps", service }),
  metrics: (service) => ({ action: "metrics", service }),
  disk: () => ({ action: "disk" }),
  ps: (service) => ({ action: "ps", service, watch: false }),
  run: (service) => ({ action: "run", service, ...program }),
  exec: (service) => ({ action: "exec", service, ...program }),
  "key.list": () => ({ action: "key.list" }),
  "key.add": () => ({ action: "key.add", line: "no key" }),
  "key.remove": () => ({ action: "key.remove", fingerprint: "SHA256:none" }),
  "token.list": () => ({ action: "token.list" }),
  "token.revoke": () => ({ action: "token.revoke", token: "none" }),
  "server.info": () => ({ action: "server.info" }),
  doctor: () => ({ action: "doctor" }),
  "link.set": (service) => ({
    action: "link.set",
    service,
    url: "https://git.invalid/ann/web",
    branch: "main",
    dockerfile: "Dockerfile",
  }),
  "link.remove": (service) => ({ action: "link.remove", service }),
  "link.list": (service) => ({ action: "link.list", service }),
  pull: (service) => ({ action: "pull", service }),
  "registry.login": () => ({
    action: "registry.login",
    host: "registry.invalid",
    username: "ann",
    password: "wrong",
  }),
  "registry.logout": () => ({ action: "registry.logout", host: "registry.invalid" }),
  "registry.list": () => ({ action: "registry.list" }),
  "cert.list": () => ({ action: "cert.list" }),
  "cert.add": () => ({
    action: "cert.add",
    host: "x.invalid",
    certificate: "no certificate",
    privateKey: "no key",
  }),
  "cert.remove": () => ({ action: "cert.remove", host: "x.invalid" }),
  "cert.retry": () => ({ action: "cert.retry", host: "x.invalid" }),
};
export const actionNames = Object.keys(samples) as readonly ActionName[];

/** Options of keys, in the order of the columns below; the date of the tests is 2026-11-21 or later. */
export const keyOptions = [
  "",
  'actions="push"',
  'actions="env"',
  'actions="key"',
  'actions="logs"',
  'actions="run"',
  'actions="manage"',
  'services="blog"',
  'services="blog",actions="push,logs"',
  'services="bl*"',
  'services="*"',
  "no-volumes",
  "expires=2099-01-01",
  "expires=2026-11-21",
  'no-volumes,expires=2099-01-01,actions="key"',
] as const;

/** What each key may, column by column: `=` for every service or the server, `b` for blog and not for web, `.` nothing. */
export const rows: Readonly<Record<string, string>> = {
  "push on a service": "= = . . . . .  b b b =  = = . .",
  "manage on a service": "= . . . . . =  b . b =  = = . .",
  "env on a service": "= . = . . . .  b . b =  = = . .",
  "logs on a service": "= . . . = . .  b b b =  = = . .",
  "run on a service": "= . . . . = .  b . b =  = = . .",
  "any key on a service": "= = = = = = =  b b b =  = = . =",
  "any key on the server": "= = = = = = =  = = = =  = = . =",
  "manage on the server": "= . . . . . =  . . . .  = = . .",
  "key on the server": "= . . = . . .  . . . .  . . . =",
};

/** The row of an action, from its definition. */
export function rowOf(name: ActionName): string {
  const { right, scope } = actions[name];
  return `${right} on ${scope === "server" ? "the server" : "a service"}`;
}

/** Whether a key with the options of that column may do it to `service`. */
export function isAllowed(name: ActionName, column: number, service: string): boolean {
  const mark = (rows[rowOf(name)] ?? "").split(/ +/)[column];
  return mark === "=" || (mark === "b" && service === "blog");
}
