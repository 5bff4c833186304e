import type { CommandFile, CommandRow } from "./command.ts";

/** All commands in the order of `mypaas --help`: what it shows of them without loading their files. */
const rows = {
  init: ["", "turn this server into a PaaS, or repair and upgrade one", "here"],
  push: [
    "[remote] [path]",
    "send a service, as a folder or an archive, to a server and make it live",
    { remote: "the server to push to; without it the first of mypaas remote list" },
  ],
  deploy: ["[path]", "deploy from files on this server", "here"],
  link: ["[words...]", "link a service to a git repository, list or remove links"],
  pull: ["<service>", "deploy from the repository that a service is linked to"],
  plan: ["[path]", "show what a push would change, and whether requests would wait"],
  ps: ["[service]", "show what runs, its health, and how its last deploy ended"],
  open: ["[service]", "look at a server in the browser: services, logs, deploys"],
  stats: ["[service]", "show requests, answer times, errors, CPU and memory over time"],
  logs: ["[service]", "show the output of a service, or the log of a deploy"],
  releases: ["[service]", "list releases, and which of them can be rolled back to"],
  rollback: ["<service> [release]", "go back to an earlier release, without a build"],
  cancel: ["[service]", "cancel a deploy before it is live; the old release stays live"],
  check: [
    "[path]",
    "check the mypaas comments of a Dockerfile, offline unless with -r",
    { remote: "also check the routes against this server" },
  ],
  eject: ["[path]", "write the Dockerfile that a push makes where there is none", "here"],
  scale: ["<service> <replicas>", "run more or fewer replicas of a service"],
  restart: ["<service>", "restart a service without losing requests"],
  stop: ["<service>", "stop a service; its routes answer 503 until it is started"],
  start: ["<service>", "start a stopped service"],
  maintenance: ["<service> [words...]", "send visitors to a page for a while; the service runs"],
  remove: ["<service>", "remove a service; its volumes stay without --volumes"],
  env: ["<service> [words...]", "list, set or unset the environment variables of a service"],
  auth: ["<service> [words...]", "list, set or remove passwords of a service's users"],
  doctor: ["", "examine a server: each problem with a hint how to solve it"],
  run: [
    "<service> [command...]",
    "run a command, or what a process runs, in a container of its own",
  ],
  exec: ["<service> <command...>", "run a command inside a running replica"],
  remote: ["", "manage the servers that this machine knows", "here"],
  git: ["", "let git push deploy to a server", "here"],
  key: ["", "manage the SSH keys of a server and their rights"],
  token: ["", "make and revoke tokens: scoped passwords for docker login and CI"],
  registry: ["", "manage logins of a server for private base images"],
  cert: ["", "list and manage the certificates of a server"],
  completion: ["<shell>", "print a shell completion script for bash, zsh or fish", "here"],
  help: ["[topic...]", "show help for a command; `help keys` lists the Dockerfile keys", "here"],
  complete: ["[words...]", "answer the scripts of `mypaas completion`", "hidden"],
  worker: ["", "run the worker of this server; systemd starts it", "hidden"],
} as const satisfies Readonly<Record<string, CommandRow>>;

type Load = () => Promise<{ readonly declaration: CommandFile }>;

/** The file that holds the rest of a command. */
const files: Readonly<Record<keyof typeof rows, Load>> = {
  init: () => import("./commands/init.ts"),
  push: () => import("./commands/push.ts"),
  deploy: () => import("./commands/deploy.ts"),
  link: () => import("./commands/link.ts"),
  pull: () => import("./commands/pull.ts"),
  plan: () => import("./commands/plan.ts"),
  ps: () => import("./commands/ps.ts"),
  open: () => import("./commands/open.ts"),
  stats: () => import("./commands/stats.ts"),
  logs: () => import("./commands/logs.ts"),
  releases: () => import("./commands/releases.ts"),
  rollback: () => import("./commands/rollback.ts"),
  cancel: () => import("./commands/cancel.ts"),
  check: () => import("./commands/check.ts"),
  eject: () => import("./commands/eject.ts"),
  scale: () => import("./commands/scale.ts"),
  restart: () => import("./commands/restart.ts"),
  stop: () => import("./commands/stop.ts"),
  start: () => import("./commands/start.ts"),
  maintenance: () => import("./commands/maintenance.ts"),
  remove: () => import("./commands/remove.ts"),
  env: () => import("./commands/env.ts"),
  auth: () => import("./commands/auth.ts"),
  doctor: () => import("./commands/doctor.ts"),
  run: () => import("./commands/run.ts"),
  exec: () => import("./commands/exec.ts"),
  remote: () => import("./commands/remote.ts"),
  git: () => import("./commands/git.ts"),
  key: () => import("./commands/key.ts"),
  token: () => import("./commands/token.ts"),
  registry: () => import("./commands/registry.ts"),
  cert: () => import("./commands/cert.ts"),
  completion: () => import("./commands/completion.ts"),
  help: () => import("./commands/help.ts"),
  complete: () => import("./commands/complete.ts"),
  worker: () => import("./commands/worker.ts"),
};

export const commands: Readonly<Record<string, CommandRow>> = rows;
export const commandFiles: Readonly<Record<string, Load>> = files;

/** The help of a command's `-r`; undefined where it has none. */
export function remoteHelp(name: string): string | undefined {
  const [, , how] = commands[name] ?? ["", "", "here"];
  if (how === "here" || how === "hidden") return undefined;
  return how?.remote ?? "the server to talk to; without it this host's own worker";
}
