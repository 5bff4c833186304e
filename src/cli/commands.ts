import type { CommandRow } from "./command.ts";

/** All commands in the order of `mypaas --help`: what it shows of them without loading their files, and the file that holds the rest. */
export const commands: Readonly<Record<string, CommandRow>> = {
  init: {
    summary: "turn this server into a PaaS, or repair and upgrade one",
    server: false,
    load: () => import("./commands/init.ts"),
  },
  push: {
    words: "[remote] [path]",
    summary: "send a service to a server and make it live",
    server: "the server to push to; without it the first of mypaas remote list",
    load: () => import("./commands/push.ts"),
  },
  deploy: {
    words: "[path]",
    summary: "deploy from files on this server",
    server: false,
    load: () => import("./commands/deploy.ts"),
  },
  plan: {
    words: "[path]",
    summary: "show what a push would change, and whether requests would wait",
    load: () => import("./commands/plan.ts"),
  },
  ps: {
    words: "[service]",
    summary: "show what runs, its health, and how its last deploy ended",
    load: () => import("./commands/ps.ts"),
  },
  logs: {
    words: "[service]",
    summary: "show the output of a service, or the log of a deploy",
    load: () => import("./commands/logs.ts"),
  },
  releases: {
    words: "[service]",
    summary: "list releases, and which of them can be rolled back to",
    load: () => import("./commands/releases.ts"),
  },
  rollback: {
    words: "<service> [release]",
    summary: "go back to an earlier release, without a build",
    load: () => import("./commands/rollback.ts"),
  },
  cancel: {
    words: "<service>",
    summary: "cancel a deploy that is not live yet; the old release runs on",
    load: () => import("./commands/cancel.ts"),
  },
  check: {
    words: "[path]",
    summary: "check the mypaas comments of a Dockerfile, offline unless with -r",
    server: "also check the routes against this server",
    load: () => import("./commands/check.ts"),
  },
  scale: {
    words: "<service> <replicas>",
    summary: "run more or fewer replicas of a service",
    load: () => import("./commands/scale.ts"),
  },
  restart: {
    words: "<service>",
    summary: "restart a service without losing requests",
    load: () => import("./commands/restart.ts"),
  },
  stop: {
    words: "<service>",
    summary: "stop a service; its routes answer 503 until it is started",
    load: () => import("./commands/stop.ts"),
  },
  start: {
    words: "<service>",
    summary: "start a stopped service",
    load: () => import("./commands/start.ts"),
  },
  remove: {
    words: "<service>",
    summary: "remove a service; its volumes stay without --volumes",
    load: () => import("./commands/remove.ts"),
  },
  env: {
    words: "<service> [words...]",
    summary: "list, set or unset the environment variables of a service",
    load: () => import("./commands/env.ts"),
  },
  doctor: {
    summary: "examine a server: each problem with a hint how to solve it",
    load: () => import("./commands/doctor.ts"),
  },
  run: {
    words: "<service> <command...>",
    summary: "run a command in a container of its own",
    load: () => import("./commands/run.ts"),
  },
  exec: {
    words: "<service> <command...>",
    summary: "run a command inside a running replica",
    load: () => import("./commands/exec.ts"),
  },
  remote: {
    summary: "manage the servers that this machine knows",
    server: false,
    load: () => import("./commands/remote.ts"),
  },
  key: {
    summary: "manage the SSH keys of a server and their rights",
    load: () => import("./commands/key.ts"),
  },
  registry: {
    summary: "manage logins of a server for private base images",
    load: () => import("./commands/registry.ts"),
  },
  cert: {
    summary: "list and manage the certificates of a server",
    load: () => import("./commands/cert.ts"),
  },
  completion: {
    words: "<shell>",
    summary: "print a shell completion script for bash, zsh or fish",
    server: false,
    load: () => import("./commands/completion.ts"),
  },
  help: {
    words: "[topic...]",
    summary: "help for a command, or `help keys`: all keys of a Dockerfile",
    server: false,
    load: () => import("./commands/help.ts"),
  },
  complete: {
    words: "[words...]",
    summary: "answer the scripts of `mypaas completion`",
    server: false,
    isHidden: true,
    load: () => import("./commands/complete.ts"),
  },
  worker: {
    summary: "run the worker of this server; systemd starts it",
    server: false,
    isHidden: true,
    load: () => import("./commands/worker.ts"),
  },
};
