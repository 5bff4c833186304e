import { UserError } from "../../core/errors.ts";
import { judgeEngine } from "../../core/health/engine.ts";
import { judgeClock } from "../../core/health/host.ts";
import { failed, ok, skipped, warning, type Check, type Finding } from "../../core/health/check.ts";
import { wireBase } from "../../core/wire/protocol.ts";
import { whatToUpdate } from "../../core/wire/versions.ts";
import type { RemoteAddress } from "../../core/wire/connection-string.ts";
import type { Results } from "../../core/actions/actions.ts";
import { packageVersion } from "../../adapters/package-version.ts";
import { lookUp, reachPort } from "../../adapters/reach.ts";
import { requestPinned } from "../../adapters/host/pinned-request.ts";
import { hasSystemd, unitProperty } from "../../adapters/host/systemd.ts";
import { unitNames } from "../../core/server/units.ts";
import { defaultInstance } from "../../core/server/instance.ts";
import type { CommandIo } from "../command.ts";
import { command, hint, hintOf } from "../../core/hints.ts";

/** From where a server is looked at; all undefined on the server itself. */
export interface Outside {
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  readonly remote?: RemoteAddress;
}

interface Asked {
  readonly health: Results["doctor"];
  readonly begun: number;
  readonly ended: number;
}

const reachMs = 5000;

/** The checks that only the asking side can do: an answer of the worker, both clocks, both versions, the ports from here. */
export async function lookFromHere(
  { host, port }: Outside,
  { health, begun, ended }: Asked,
  { world }: CommandIo,
): Promise<readonly Check[]> {
  const { now, version, httpPort, httpsPort } = health;
  const roundTripMs = ended - begun;
  const clock = judgeClock({ server: now, here: ended, roundTripMs });
  const http = { host, port: httpPort };
  const https = { host, port: port ?? httpsPort };
  return [
    { id: "worker", title: "worker", ...ok(`answers; its checks took ${roundTripMs} ms`) },
    { id: "version", title: "version", ...judgeVersions(version, await packageVersion(world)) },
    { id: "clock", title: "clock", ...clock },
    ...(await Promise.all([reach("http", http), reach("https", https)])).flat(),
  ];
}

function judgeVersions(server: string, here: string): Finding {
  if (server === here) return ok(`${here} on both sides`);
  return warning(`the server has ${server}, this machine has ${here}`, whatToUpdate(here, server));
}

/** Without a host it is this server, whose ports tell nothing from here. */
async function reach(scheme: string, { host, port }: Outside): Promise<readonly Check[]> {
  if (host === undefined || port === undefined) return [];
  const at = { id: "ports", title: `${scheme} port from here` } as const;
  try {
    await reachPort(host, port, reachMs);
    return [{ ...at, ...ok(`${host}:${port} can be reached`) }];
  } catch (error) {
    const facts = `${host}:${port}: ${reasonOf(error)}`;
    const hint = `open TCP port ${port} in the firewall of the server and of its provider`;
    return [{ ...at, ...failed(facts, hint) }];
  }
}

/** The checks of a server whose worker does not answer: each step of the way to it. */
export async function lookWithoutWorker(
  outside: Outside,
  error: UserError,
  { world }: CommandIo,
): Promise<readonly Check[]> {
  const { remote, host, port } = outside;
  const way = hintOf(error) ?? "start it: sudo systemctl start mypaas-worker";
  const worker: Check = { id: "worker", title: "worker", ...failed(error.message, way) };
  if (remote === undefined || host === undefined || port === undefined) {
    const unit: Check = { id: "units", title: "unit of the worker", ...(await judgeUnit()) };
    return [worker, unit, ...(await lookAtDocker(world.uid)), unseen];
  }
  const name = judgeName(host, await lookUp(host));
  return [
    worker,
    { id: "dns", title: "name of the server", ...name },
    ...(await reach("https", { host, port })),
    ...(await lookAtTraefik(remote, { host, port }, world.now)),
    unseen,
  ];
}

const unseen: Check = {
  id: "server",
  title: "the server itself",
  ...skipped("only its worker can check disks, services, DNS and the rest"),
};

function judgeName(host: string, addresses: readonly string[] | undefined): Finding {
  if (addresses === undefined)
    return warning(`${host} could not be looked up`, `try it yourself: getent ahosts ${host}`);
  if (addresses.length === 0)
    return failed(`${host} has no address`, `set an A record for it at your DNS provider: ${host}`);
  return ok(`${host} is ${addresses.join(", ")}`);
}

/** An answer with the pinned key comes from Traefik; a JSON answer comes from the receiver behind it. */
async function lookAtTraefik(
  { server, pin }: RemoteAddress,
  { host: address, port }: { readonly host: string; readonly port: number },
  now: () => number,
): Promise<readonly Check[]> {
  const check = { id: "traefik", title: "Traefik and receiver" } as const;
  if (pin === undefined) return [{ ...check, ...skipped("the remote has no pin") }];
  try {
    const serverName = `${server}.mypaas.invalid`;
    const path = `${wireBase}/requests/x`;
    const begun = now();
    const { type, status, date } = await requestPinned({ address, port, serverName, pin, path });
    const here = now();
    const judged = type.includes("json")
      ? ok("both answer, with this server's own key")
      : failed(
          `Traefik answers ${status}, but the receiver does not answer`,
          hint`start it on the server: sudo ${command("init")}`,
        );
    if (date === undefined) return [{ ...check, ...judged }];
    const clock = judgeClock({ server: date, here, roundTripMs: here - begun + 1000 });
    return [
      { ...check, ...judged },
      { id: "clock", title: "clock", ...clock },
    ];
  } catch (error) {
    const way = hint`on the server, see whether Traefik runs: docker ps, then: sudo ${command("init")}`;
    return [{ ...check, ...failed(reasonOf(error), way) }];
  }
}

/** On the server itself: what systemd says of the worker. */
async function judgeUnit(): Promise<Finding> {
  const unit = unitNames(defaultInstance).worker;
  if (!(await hasSystemd())) return skipped("no systemd here");
  const [load, state] = await Promise.all([
    unitProperty(unit, "LoadState"),
    unitProperty(unit, "ActiveState"),
  ]);
  if (load !== "loaded")
    return failed(`${unit} is not installed`, hint`run: sudo ${command("init")}`);
  if (state === "active") return ok(`${unit} is active`);
  return failed(`${unit} is ${state}`, `see why: journalctl -u ${unit} -n 50`);
}

/** Only root may ask it. */
async function lookAtDocker(uid: number): Promise<readonly Check[]> {
  if (uid !== 0) return [];
  const check = { id: "docker", title: "Docker" } as const;
  try {
    const { engineInfo } = await import("../../adapters/engines/docker/info.ts");
    return [{ ...check, ...judgeEngine(await engineInfo("/var/run/docker.sock")) }];
  } catch (error) {
    const way = error instanceof UserError ? hintOf(error) : undefined;
    return [{ ...check, ...failed(reasonOf(error), way ?? "start it: systemctl start docker") }];
  }
}

const reasonOf = (error: unknown): string =>
  error instanceof Error ? error.message || String(error) : String(error);
