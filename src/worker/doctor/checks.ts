import { type Hinted, command, hint, hintOf } from "../../core/hints.ts";
import { judgeDomain } from "../../core/health/dns.ts";
import { judgeEngine, judgeRouting, judgeTraefik } from "../../core/health/engine.ts";
import { judgeMemory, parseMemory } from "../../core/health/host.ts";
import { judgeVolumes } from "../../core/health/volumes.ts";
import { judgeLinks } from "../../core/health/links.ts";
import { judgeMaintenance } from "../../core/health/maintenance.ts";
import { judgeOrphans } from "../../core/health/orphans.ts";
import { judgeLogs, judgePublished, judgeReplicas } from "../../core/health/services.ts";
import { about, failed, ok, skipped, type Finding } from "../../core/health/check.ts";
import type { Inventory } from "../../core/health/inventory.ts";
import { nameInWildcard } from "../../core/certificates/wanted.ts";
import { readLinks } from "../../adapters/state/links.ts";
import { readMaintenance } from "../../adapters/state/maintenance.ts";
import {
  pageContainerName,
  receiverContainerName,
  traefikContainerName,
} from "../../core/release/names.ts";
import { onlyFamily } from "../../core/server/listening.ts";
import { readIfThere } from "../../adapters/files.ts";
import { readTraefik } from "../../adapters/traefik/api.ts";
import { troubleOf } from "../links/links.ts";
import type { CheckContext } from "./check-context.ts";
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
  sockets,
  units,
} from "./server-checks.ts";
import { proxies } from "./proxy-checks.ts";
import type { CheckSpec } from "./run-checks.ts";

/** All checks that run on the server, in the order of the output. */
export const checks: readonly CheckSpec<CheckContext>[] = [
  {
    id: "docker",
    title: "Docker",
    check: async ({ engine }) => {
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
    check: async ({ config, inventory, traefik }) => {
      const name = traefikContainerName(config.instance);
      const absent = notRunning(await inventory(), name, "no service answers");
      if (absent !== undefined) return absent;
      const version: unknown = JSON.parse(await readTraefik((await traefik()).api, "/api/version"));
      const text = (version as { readonly Version?: unknown } | null)?.Version;
      return judgeTraefik(typeof text === "string" ? text : "", name);
    },
  },
  {
    id: "routing",
    title: "routing",
    check: async ({ config, snapshot }) =>
      judgeRouting((await snapshot()).routers, traefikContainerName(config.instance)),
  },
  { id: "dynamic-file", title: "Traefik's dynamic file", check: dynamicFile },
  {
    id: "receiver",
    title: "receiver",
    check: async ({ config, inventory }) => {
      const name = receiverContainerName(config.instance);
      const absent = notRunning(await inventory(), name, "nothing can be pushed from outside");
      return absent ?? ok(`runs in ${name}`);
    },
  },
  { id: "units", title: "systemd units", check: units },
  { id: "sockets", title: "sockets", check: sockets },
  { id: "ports", title: "http port on the server", check: httpPort },
  { id: "ports", title: "https port on the server", check: httpsPort },
  {
    id: "dns",
    title: "DNS",
    check: async (context) => {
      const hosts = liveHosts(context);
      if (hosts.length === 0) return skipped("no service has a domain");
      const own = await addressesOf(context);
      const only = onlyFamily(context.config);
      return Promise.all(
        hosts.map(async (host) => {
          const found = await addressesFound(context, nameInWildcard(host));
          return about(`DNS of ${host}`, judgeDomain({ host, found, own, only }));
        }),
      );
    },
  },
  { id: "proxies", title: "trusted proxies", check: proxies },
  { id: "certificates", title: "certificate", check: certificates },
  { id: "disk", title: "disk", check: disks },
  {
    id: "memory",
    title: "memory",
    check: async () => {
      const seen = parseMemory((await readIfThere("/proc/meminfo"))?.toString("utf8") ?? "");
      return seen === undefined ? skipped("not available on this system") : judgeMemory(seen);
    },
  },
  {
    id: "services",
    title: "services",
    check: async ({ inventory, known, now }) => judgeReplicas(await inventory(), known(), now()),
  },
  {
    id: "volumes",
    title: "volumes",
    check: async ({ inventory, known }) => judgeVolumes(await inventory(), known()),
  },
  {
    id: "maintenance",
    title: "maintenance",
    check: async ({ config, inventory, state, now }) =>
      judgeMaintenance(await inventory(), readMaintenance(state), {
        page: pageContainerName(config.instance),
        now: now(),
      }),
  },
  {
    id: "links",
    title: "links",
    check: async ({ state, now }) =>
      judgeLinks(
        readLinks(state).map((link) => ({ ...link, trouble: troubleOf({ state, now }, link) })),
      ),
  },
  {
    id: "published",
    title: "published ports",
    check: async ({ inventory, known, engine }) =>
      judgePublished(await inventory(), known(), (await engine()).version),
  },
  {
    id: "orphans",
    title: "orphans",
    check: async ({ inventory, known }) => judgeOrphans(await inventory(), known()),
  },
  {
    id: "logs",
    title: "container logs",
    check: async ({ config, inventory }) =>
      judgeLogs(await logSizes((await inventory()).containers), config.instance),
  },
];

/** What follows from a container of mypaas that does not run; undefined when it runs. */
function notRunning({ containers }: Inventory, name: string, so: string): Finding | undefined {
  const container = containers.find((one) => one.name === name);
  if (container?.state === "running") return undefined;
  const state = container === undefined ? "does not exist" : `is ${container.state}`;
  return failed(`container ${name} ${state}, so ${so}`, hint`start it: sudo ${command("init")}`);
}
