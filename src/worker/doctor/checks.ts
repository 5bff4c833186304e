import { judgeDomain } from "../../core/health/dns.ts";
import { judgeEngine, judgeRouting, judgeTraefik } from "../../core/health/engine.ts";
import { judgeMemory } from "../../core/health/host.ts";
import { judgeOrphans } from "../../core/health/orphans.ts";
import { judgeLogs, judgePublished, judgeReplicas } from "../../core/health/services.ts";
import { about, failed, ok, skipped } from "../../core/health/check.ts";
import { nameBelow } from "../../core/certificates/wanted.ts";
import { receiverContainerName, traefikContainerName } from "../../core/release/names.ts";
import { readTraefik } from "../../adapters/traefik/api.ts";
import type { Ground } from "./check-context.ts";
import {
  addressesFound,
  addressesOf,
  certificates,
  disks,
  dynamicFile,
  httpPort,
  httpsPort,
  liveHosts,
  logSizes,
  memory,
  sockets,
  units,
} from "./server-checks.ts";
import type { CheckSpec } from "./run-checks.ts";
import { type Hinted, command, hint, hintOf } from "../../core/hints.ts";

/** Everything that the server can see of itself, in the order in which it is shown. */
export const checks: readonly CheckSpec<Ground>[] = [
  {
    id: "docker",
    title: "Docker",
    look: async ({ engine }) => {
      try {
        return judgeEngine(await engine());
      } catch (error) {
        const { message, ...more } = error as Hinted & { readonly message: string };
        return failed(message, hintOf(more) ?? "start it: systemctl start docker");
      }
    },
  },
  {
    id: "traefik",
    title: "Traefik",
    look: async ({ config, inventory, traefik }) => {
      const name = traefikContainerName(config.instance);
      const container = (await inventory()).containers.find((one) => one.name === name);
      if (container?.state !== "running")
        return failed(
          `container ${name} ${container === undefined ? "does not exist" : `is ${container.state}`}, so no service answers`,
          hint`start it: sudo ${command("init")}`,
        );
      const version: unknown = JSON.parse(await readTraefik((await traefik()).api, "/api/version"));
      const text = (version as { readonly Version?: unknown } | null)?.Version;
      return judgeTraefik(typeof text === "string" ? text : "", name);
    },
  },
  {
    id: "routing",
    title: "routing",
    look: async ({ config, snapshot }) =>
      judgeRouting((await snapshot()).routers, traefikContainerName(config.instance)),
  },
  { id: "dynamic-file", title: "Traefik's dynamic file", look: dynamicFile },
  {
    id: "receiver",
    title: "receiver",
    look: async ({ config, inventory }) => {
      const name = receiverContainerName(config.instance);
      const container = (await inventory()).containers.find((one) => one.name === name);
      if (container?.state === "running") return ok(`runs in ${name}`);
      const state = container === undefined ? "does not exist" : `is ${container.state}`;
      return failed(
        `container ${name} ${state}, so nothing can be pushed from outside`,
        hint`start it: sudo ${command("init")}`,
      );
    },
  },
  { id: "units", title: "systemd units", look: units },
  { id: "sockets", title: "sockets", look: sockets },
  { id: "ports", title: "http port on the server", look: httpPort },
  { id: "ports", title: "https port on the server", look: httpsPort },
  {
    id: "dns",
    title: "DNS",
    look: async (ground) => {
      const hosts = liveHosts(ground);
      if (hosts.length === 0) return skipped("no service has a domain");
      const own = await addressesOf(ground);
      return Promise.all(
        hosts.map(async (host) => {
          const found = await addressesFound(ground, nameBelow(host));
          return about(`DNS of ${host}`, judgeDomain({ host, found, own }));
        }),
      );
    },
  },
  { id: "certificates", title: "certificate", look: certificates },
  { id: "disk", title: "disk", look: disks },
  {
    id: "memory",
    title: "memory",
    look: async () => {
      const seen = await memory();
      return seen === undefined ? skipped("this system does not say") : judgeMemory(seen);
    },
  },
  {
    id: "services",
    title: "services",
    look: async ({ inventory, known, now }) => judgeReplicas(await inventory(), known(), now()),
  },
  {
    id: "published",
    title: "published ports",
    look: async ({ inventory, known, engine }) =>
      judgePublished(await inventory(), known(), (await engine()).version),
  },
  {
    id: "orphans",
    title: "orphans",
    look: async ({ inventory, known }) => judgeOrphans(await inventory(), known()),
  },
  {
    id: "logs",
    title: "container logs",
    look: async ({ config, inventory }) =>
      judgeLogs(await logSizes((await inventory()).containers), config.instance),
  },
];
