import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { createAdaptorServer } from "@hono/node-server";
import { apiBase } from "../../core/api/endpoint.ts";
import type { InstanceConfig } from "../../core/server/instance.ts";
import type { World } from "../../core/world.ts";
import { realClock } from "../../adapters/clock.ts";
import { dockerFilter } from "../../adapters/engines/docker/filter.ts";
import type { Spool } from "../../adapters/spool/spool.ts";
import { wireApp } from "../../adapters/wire/app.ts";
import { onUpgrade, shouldUpgrade } from "../../adapters/wire/upgrade.ts";
import { createBackend } from "../accept/backend.ts";
import type { Core } from "../compose.ts";
import type { Entry } from "./sockets.ts";
import { doorBase } from "../../core/registry/door.ts";
import { guardOf, requestOfToken } from "../access/tokens.ts";

interface ServerParts {
  readonly world: Pick<World, "now" | "packageRoot">;
  readonly config: InstanceConfig;
  readonly core: Core;
  readonly localSpool: Spool;
  readonly engineSocket: string;
  readonly onBug: (error: unknown) => void;
}

/** Twice what the receiver itself opens. */
const maxOutsideConnections = 256;
/** On the local entry and on the outside one. */
const maxTerminals = 32;

/** One HTTP server for each socket; none of them listens yet. */
export function openServers(parts: ServerParts): Readonly<Record<Entry, Server>> {
  const { world, config, core, localSpool, engineSocket, onBug } = parts;
  const { version } = core.backend.actions;
  const common = { clock: realClock(world.now), onBug, version };
  const appOf = (entry: "local" | "outside", spool: Spool | undefined) => {
    const backend = createBackend({ ...core.backend, entry });
    return wireApp({ ...common, backend, spool, requireSignature: entry === "outside" });
  };
  const docker = createServer(
    dockerFilter({ engineSocket, instance: config.instance, onEvents: core.traefikEvents.opened }),
  );
  const outside = appOf("outside", undefined).fetch;
  const receiver = serve(withDoors(outside, { images: imagesOf(parts), api: apiOf(parts) }));
  const local = serve(appOf("local", localSpool).fetch);
  for (const server of [receiver, local])
    onUpgrade(server, { open: terminalsOf(core), onBug, maxOpen: maxTerminals });
  // What the internet reaches may be taken over, and must not use up the worker's file descriptors.
  for (const server of [receiver, docker]) server.maxConnections = maxOutsideConnections;
  return { local, receiver, docker };
}

/** Opens the terminal connection of a request for the holder of its token, on every entry. */
function terminalsOf({ backend: { state, now }, attachments }: Core) {
  return async ({ request, token }: { readonly request: string; readonly token: string }) => {
    const stored = requestOfToken(state, { request, token, now: now() });
    return attachments.open(request, guardOf(state, stored, now));
  };
}

/** Lets the clients of a job that has just ended read its last event, instead of a broken connection; waits two seconds at most. */
export async function lastAnswers(server: Server): Promise<void> {
  for (let left = 40; left > 0; left -= 1) {
    server.closeIdleConnections();
    const open = await promisify(server.getConnections.bind(server))();
    if (open === 0) return;
    await sleep(50);
  }
}

type Fetch = (request: Request) => Response | Promise<Response>;

/** Ways in that are loaded when the receiver asks for the first time. */
interface Doors {
  /** Undefined where init has not opened it. */
  readonly images: (() => Promise<Fetch>) | undefined;
  readonly api: () => Promise<Fetch>;
}

/** Answers the receiver's questions about images, and what it passes on of the API, too. */
function withDoors(fetch: Fetch, { images, api }: Doors): Fetch {
  const opened = new Map<string, Promise<Fetch>>();
  const through = (base: string, open: () => Promise<Fetch>) => {
    const door = opened.get(base) ?? open();
    opened.set(base, door);
    return door;
  };
  return async (request) => {
    const { pathname } = new URL(request.url);
    if (images !== undefined && pathname.startsWith(doorBase))
      return (await through(doorBase, images))(request);
    if (pathname.startsWith(`${apiBase}/`)) return (await through(apiBase, api))(request);
    return fetch(request);
  };
}

function imagesOf({ core: { images }, onBug }: ServerParts): Doors["images"] {
  if (images === undefined) return undefined;
  return async () => {
    const { imageDoorApp } = await import("../../adapters/wire/image-door.ts");
    const { createImageDoor } = await import("../accept/image-door.ts");
    return imageDoorApp(createImageDoor(images), onBug).fetch;
  };
}

function apiOf({ world, core, onBug }: ServerParts): Doors["api"] {
  return async () => {
    const { apiApp } = await import("../../adapters/wire/api-app.ts");
    const { createApiDoor } = await import("../accept/api-door.ts");
    const door = createApiDoor(core.backend);
    const description = () => readFile(join(world.packageRoot, "docs", "openapi.json"), "utf8");
    return apiApp({ door, clock: realClock(world.now), onBug, description });
  };
}

/** A push of gigabytes takes as long as it takes; the protocol itself drops senders that stall. */
function serve(fetch: Fetch): Server {
  const serverOptions = { requestTimeout: 0, shouldUpgradeCallback: shouldUpgrade };
  return createAdaptorServer({ fetch, createServer, serverOptions }) as Server;
}
