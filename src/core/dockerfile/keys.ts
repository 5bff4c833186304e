import { readDuration } from "./durations.ts";
import { readRoute, readUrl } from "./hosts.ts";
import { readServiceName } from "./service-names.ts";
import {
  readBuildArg,
  readEnv,
  readHealthcheck,
  readPublish,
  readScale,
  readVolume,
} from "./settings.ts";
import {
  readBoolean,
  readCommand,
  readCpu,
  readMemory,
  readPort,
  readTarget,
  type Read,
} from "./values.ts";

/** One key that a comment may set; the table below is what the parser, `check`, the README and `help keys` know. */
export interface Key<T> {
  readonly name: string;
  readonly aliases: readonly string[];
  /** True when each line adds one more value. */
  readonly many: boolean;
  /** How a value is written, in words of the table. */
  readonly syntax: string;
  /** What holds without the key, in words of the table. */
  readonly fallback: string;
  readonly help: string;
  /** Set while the key is understood but does nothing yet: what to say about it. */
  readonly later?: string;
  readonly read: (text: string) => Read<T>;
}

const key = <T>(given: Omit<Key<T>, "aliases" | "many"> & Partial<Key<T>>): Key<T> => ({
  aliases: [],
  many: false,
  ...given,
});

const second = 1000;
const hour = 3600 * second;

export const keys = {
  servicename: key({
    name: "servicename",
    aliases: ["service"],
    syntax: "name",
    fallback: "required",
    help: "What the service is called: a-z, 0-9, dot and hyphen, 2 to 50 of them.",
    read: readServiceName,
  }),
  domain: key({
    name: "domain",
    many: true,
    syntax: "host[/path] or auto",
    fallback: "none: not reachable from outside",
    help: "Where the service answers. The path is not taken off. auto is <name>.<server domain>.",
    read: readRoute,
  }),
  https: key({
    name: "https",
    syntax: "true or false",
    fallback: "false",
    help: "https for every domain of the service; http redirects once the certificate is there.",
    read: readBoolean,
  }),
  url: key({
    name: "url",
    many: true,
    syntax: "http(s)://host[/path]",
    fallback: "none",
    help: "domain and https in one; not mixed with those two.",
    read: readUrl,
  }),
  stripPrefix: key({
    name: "strip-prefix",
    syntax: "true or false",
    fallback: "false",
    help: "Takes the path of the route off before the service sees the request.",
    read: readBoolean,
  }),
  port: key({
    name: "port",
    syntax: "1 to 65535",
    fallback: "the image's only EXPOSE, else 80",
    help: "The port that the service listens on. No domain, port or EXPOSE: a worker process.",
    read: readPort,
  }),
  volume: key({
    name: "volume",
    many: true,
    syntax: "~/dir:/path[:ro] or name:/path[:ro]",
    fallback: "none",
    help: "Data that outlives a release: a folder below the server's home, or a named volume.",
    read: readVolume,
  }),
  scale: key({
    name: "scale",
    syntax: "0, N, N roll or N safe",
    fallback: "0",
    help: "0: one container, old before new, requests wait. N: new before old. safe: requests wait.",
    read: readScale,
  }),
  env: key({
    name: "env",
    many: true,
    syntax: "K=V or K",
    fallback: "none",
    help: "Environment. K alone is set on the server: mypaas env SERVICE set K=V.",
    read: readEnv,
  }),
  publish: key({
    name: "publish",
    many: true,
    syntax: "[ip:]host:container[/udp]",
    fallback: "none",
    help: "A port of the server itself; without an ip on 127.0.0.1 only. Forces old before new.",
    read: readPublish,
  }),
  healthcheck: key({
    name: "healthcheck",
    syntax: "/path [interval] [timeout]",
    fallback: "a TCP connection",
    help: "Ready when this path answers 2xx or 3xx; asked every 10s, at most 5s, unless said.",
    read: readHealthcheck,
  }),
  startTimeout: key({
    name: "start-timeout",
    syntax: "duration",
    fallback: "60s",
    help: "A new release must be ready within this time.",
    read: (text) => readDuration(text, second, hour),
  }),
  drainTimeout: key({
    name: "drain-timeout",
    syntax: "duration",
    fallback: "30s, 3s where requests wait",
    help: "Time for open requests to end before the old release is stopped.",
    read: (text) => readDuration(text, 0, hour),
  }),
  stopTimeout: key({
    name: "stop-timeout",
    syntax: "duration",
    fallback: "10s",
    help: "Time between SIGTERM and SIGKILL.",
    read: (text) => readDuration(text, 0, hour / 6),
  }),
  maxcpu: key({
    name: "maxcpu",
    syntax: "0.5",
    fallback: "no limit",
    help: "Processors that one container may use.",
    read: readCpu,
  }),
  maxmem: key({
    name: "maxmem",
    syntax: "256m",
    fallback: "no limit",
    help: "Memory that one container may use.",
    read: readMemory,
  }),
  release: key({
    name: "release",
    syntax: "command",
    fallback: "none",
    help: "Run once in the new image before the switch (migrations); its failure fails the deploy.",
    read: readCommand,
  }),
  target: key({
    name: "target",
    syntax: "stage",
    fallback: "the last stage",
    help: "The stage of the Dockerfile to build.",
    read: readTarget,
  }),
  buildArg: key({
    name: "build-arg",
    many: true,
    syntax: "K=V",
    fallback: "none",
    help: "A value for an ARG of the Dockerfile.",
    read: readBuildArg,
  }),
} as const;

/** Every name and alias, in the order of the table. */
export const keyNames: readonly string[] = Object.values(keys).flatMap((each) => [
  each.name,
  ...each.aliases,
]);

const byName = new Map<string, Key<unknown>>(
  Object.values(keys).flatMap((each: Key<unknown>) =>
    [each.name, ...each.aliases].map((name) => [name, each] as const),
  ),
);

/** The key of that name or alias, in any case. */
export function findKey(name: string): Key<unknown> | undefined {
  return byName.get(name.toLowerCase());
}
