import { UserError } from "../../core/errors.ts";
import { judgeEngine } from "../../core/health/engine.ts";
import { judgeClock } from "../../core/health/host.ts";
import { failed, ok, skipped, warning, type Check, type Finding } from "../../core/health/check.ts";
import { wireBase } from "../../core/wire/protocol.ts";
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
  readonly host?: string;
  readonly port?: number;
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
  const ports =
    host === undefined
      ? []
      : await Promise.all([
          reach("http port from here", { host, port: httpPort }),
          reach("https port from here", { host, port: port ?? httpsPort }),
        ]);
  return [
    { id: "worker", title: "worker", ...ok(`answers; its checks took ${roundTripMs} ms`) },
    { id: "version", title: "version", ...judgeVersions(version, await packageVersion(world)) },
    { id: "clock", title: "clock", ...clock },
    ...ports,
  ];
}

function judgeVersions(server: string, here: string): Finding {
  if (server === here) return ok(`${here} on both sides`);
  return warning(
    `the server has ${server}, this machine has ${here}`,
    hint`install the same version on both: npm install -g mypaas@latest, and on the server: sudo ${command("init")}`,
  );
}

async function reach(title: string, at: { host: string; port: number }): Promise<Check> {
  const { host, port } = at;
  try {
    await reachPort(host, port, reachMs);
    return { id: "ports", title, ...ok(`${host}:${port} can be reached`) };
  } catch (error) {
    const facts = `${host}:${port}: ${reasonOf(error)}`;
    const hint = `open TCP port ${port} in the firewall of the server and of its provider`;
    return { id: "ports", title, ...failed(facts, hint) };
  }
}

/** The checks of a server whose worker does not answer: each step of the way to it. */
export async function lookWithoutWorker(
  outside: Outside,
  error: UserError,
  { world }: CommandIo,
): Promise<readonly Check[]> {
  const { remote, host, port } = outside;
  const found: Check[] = [
    {
      id: "worker",
      title: "worker",
      ...failed(error.message, hintOf(error) ?? "start it: sudo systemctl start mypaas-worker"),
    },
  ];
  if (remote === undefined || host === undefined || port === undefined)
    return [...found, ...(await lookAtUnit()), ...(await lookAtDocker(world.uid)), unseen];
  const addresses = await lookUp(host);
  found.push({ id: "dns", title: "name of the server", ...judgeName(host, addresses) });
  found.push(await reach("https port from here", { host, port }));
  found.push(...(await lookAtTraefik(remote, { host, port }, world.now)));
  return [...found, unseen];
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

/** Whoever answers there with the right key is our Traefik; a JSON answer comes from the receiver behind it. */
async function lookAtTraefik(
  { server, pin }: RemoteAddress,
  at: { readonly host: string; readonly port: number },
  now: () => number,
): Promise<readonly Check[]> {
  const title = "Traefik and receiver";
  if (pin === undefined) return [{ id: "traefik", title, ...skipped("the remote has no pin") }];
  try {
    const serverName = `${server}.mypaas.invalid`;
    const path = `${wireBase}/requests/x`;
    const begun = now();
    const answer = await requestPinned({ address: at.host, port: at.port, serverName, pin, path });
    const here = now();
    const isReceiver = answer.type.includes("json");
    const clocks = { server: answer.date ?? here, here, roundTripMs: here - begun + 1000 };
    return [
      {
        id: "traefik",
        title,
        ...(isReceiver
          ? ok("both answer, with this server's own key")
          : failed(
              `Traefik answers ${answer.status}, but the receiver does not answer`,
              hint`start it on the server: sudo ${command("init")}`,
            )),
      },
      ...(answer.date === undefined
        ? []
        : [{ id: "clock", title: "clock", ...judgeClock(clocks) }]),
    ];
  } catch (error) {
    const way = hint`on the server, see whether Traefik runs: docker ps, then: sudo ${command("init")}`;
    return [{ id: "traefik", title, ...failed(reasonOf(error), way) }];
  }
}

/** On the server itself: what systemd says of the worker. */
async function lookAtUnit(): Promise<readonly Check[]> {
  const unit = unitNames(defaultInstance).worker;
  const title = "unit of the worker";
  if (!(await hasSystemd())) return [{ id: "units", title, ...skipped("no systemd here") }];
  const [load, state] = await Promise.all([
    unitProperty(unit, "LoadState"),
    unitProperty(unit, "ActiveState"),
  ]);
  if (load !== "loaded")
    return [
      {
        id: "units",
        title,
        ...failed(`${unit} is not installed`, hint`run: sudo ${command("init")}`),
      },
    ];
  const judged =
    state === "active"
      ? ok(`${unit} is active`)
      : failed(`${unit} is ${state}`, `see why: journalctl -u ${unit} -n 50`);
  return [{ id: "units", title, ...judged }];
}

/** Only root may ask it. */
async function lookAtDocker(uid: number): Promise<readonly Check[]> {
  if (uid !== 0) return [];
  try {
    const { engineInfo } = await import("../../adapters/engines/docker/info.ts");
    const judged = judgeEngine(await engineInfo("/var/run/docker.sock"));
    return [{ id: "docker", title: "Docker", ...judged }];
  } catch (error) {
    const hint = error instanceof UserError ? hintOf(error) : undefined;
    const judged = failed(reasonOf(error), hint ?? "start it: systemctl start docker");
    return [{ id: "docker", title: "Docker", ...judged }];
  }
}

const reasonOf = (error: unknown): string =>
  error instanceof Error ? error.message || String(error) : String(error);
