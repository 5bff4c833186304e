import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createInfra, type Infra } from "../../adapters/engines/docker/infra.ts";
import { realClock } from "../../adapters/clock.ts";
import { defaultAddress } from "../../adapters/host/host-facts.ts";
import { findInstanceConfig, writeInstanceConfig } from "../../adapters/host/instance-config.ts";
import { ownAddresses } from "../../adapters/reach.ts";
import { nodeFiles } from "../../adapters/host/node-files.ts";
import { type InfraPlan, networkPlans, traefikContainer } from "../../core/server/infra.ts";
import type { InstanceConfig } from "../../core/server/instance.ts";
import { receiverContainerName, traefikContainerName } from "../../core/release/names.ts";
import { bindsOf, everyAddress, isEveryAddress } from "../../core/server/listening.ts";
import { isIPv4 } from "../../core/server/addresses.ts";
import { receiverContainer } from "../../core/server/receiver-container.ts";
import { formatRemoteLine, originOf } from "../../core/wire/connection-string.ts";
import type { CommandIo } from "../command.ts";
import { sayWhenSlow } from "../connect/say-when-slow.ts";
import { ensureAcmeFiles, type AcmeFiles } from "./acme-files.ts";
import { awaitLabels, awaitReceiver, awaitTraefik } from "./answering.ts";
import { ensureProgramImage, ensurePulled, ensureTraefikBinary } from "./images.ts";
import { describeKey, enrol, enrolledNow, type KeyChoice } from "./keys.ts";
import type { InitOptions } from "./options.ts";
import {
  directories,
  ensureDirectories,
  ensureDynamicFile,
  ensureIdentity,
  ensureReceiverConfig,
  ensureTraefikStatic,
} from "./places.ts";
import { dropReplaced, setBrokenStoreAside } from "./certificate-store.ts";
import { didOf, Report } from "./report.ts";
import { ensureContainer } from "./containers.ts";
import { ensureRelay, ensureRelayNetwork, gatewaysOf } from "./relay.ts";
import { ensureGit } from "./git.ts";
import { ensureRunning, ensureUnits } from "./services.ts";

interface Job {
  readonly options: InitOptions;
  readonly io: CommandIo;
  readonly acmeFiles: AcmeFiles;
  /** Complete but for the images. */
  readonly config: InstanceConfig;
  readonly keys: KeyChoice;
  readonly engineSocket: string;
  readonly needsSystemd: boolean;
}

/** All steps in the order in which they need each other; every one finds its work done the second time. */
export async function install(job: Job): Promise<void> {
  const { options, io, acmeFiles, engineSocket } = job;
  const { world } = io;
  const { instance } = job.config;
  const report = new Report(io.say);
  const infra = createInfra({ instance, socketPath: engineSocket });

  const folders = directories(job.config);
  const { stateDir, runDir } = job.config;
  report.done(`directories in ${stateDir}`, await ensureDirectories(folders.state));
  report.done(`directories in ${runDir}`, await ensureDirectories(folders.run));
  // A container keeps the directory that it mounted, also when a new one has its name.
  if (report.hasChanged) await removeContainers(infra, job.config);

  await ensureAcmeFiles(job.config, acmeFiles, report);

  const tools = { infra, io, report, instance };
  const receiverImage = await ensureProgramImage(tools, "receiver");
  const binary = options.traefikBinary;
  const traefikImage = await (binary === undefined
    ? ensurePulled(tools, job.config.traefikImage)
    : ensureTraefikBinary(tools, binary));
  const config = { ...job.config, receiverImage, traefikImage };
  const isNew = (await findInstanceConfig(config.stateDir)) === undefined;
  const isWritten = await writeInstanceConfig(config);
  report.done("configuration", isNew ? "created" : isWritten ? "changed" : "already there");
  const { identity, found } = await ensureIdentity(config, world.now());
  report.done(`certificate with pin ${identity.pin}`, found);
  await enrolKeys(job, config, report);

  for (const plan of networkPlans(instance))
    // oxlint-disable-next-line no-await-in-loop
    report.done(`network ${plan.name}`, didOf(await infra.ensureNetwork(plan)));
  const relay = await ensureRelayNetwork(config, infra, report);
  report.done("receiver configuration", await ensureReceiverConfig(config));
  const template = await readFile(`${world.packageRoot}/traefik/traefik.yml`, "utf8");
  const gateways = await gatewaysOf(config, infra, relay);
  const { text, found: staticFound } = await ensureTraefikStatic(config, template, gateways);
  report.done("Traefik configuration", staticFound);
  if (staticFound === "changed") report.note(restarting);
  const routing = report.done("Traefik routing", await ensureDynamicFile(config, identity));
  if (routing === "changed" && !job.needsSystemd)
    report.note("restart the worker: it still uses the old certificate");

  const services = { config, pin: identity.pin, world, report };
  if (job.needsSystemd) await ensureRunning(services, await ensureUnits(services));
  const node = await nodeFiles(world);
  await ensureContainer(infra, receiverContainer(config, node), report);
  const broken = await setBrokenStoreAside(config, infra);
  if (broken !== undefined)
    report.done(`certificates that cannot be read (now ${broken})`, "removed");
  const dropped = await dropReplaced(config, infra, world.now());
  if (dropped.length > 0)
    report.done(`certificates that others replace (${dropped.join("; ")})`, "removed");
  const traefik = traefikContainer(config, acmeFiles.dns?.values, relay?.traefik);
  const did = await ensureContainer(infra, withStatic(traefik, [text, acmeFiles.ca]), report);
  await ensureRelay(tools, { config, node, network: relay });

  const clock = realClock(world.now);
  const endpoints = { config, pin: identity.pin, infra, clock, signal: world.interrupted };
  await sayWhenSlow(io.say, "waiting for Traefik to answer …", awaitTraefik(endpoints));
  if (did !== "already there")
    await sayWhenSlow(io.say, routesAwaited, routesOf(endpoints, report));
  await sayWhenSlow(io.say, "waiting for the receiver to answer …", awaitReceiver(endpoints));
  // At last, so that another program's configuration stops nothing of this.
  await ensureGit({ config, infra, world, report, needsSystemd: job.needsSystemd });
  await conclude(job, config, { report, pin: identity.pin });
}

const restarting =
  "Traefik starts again with its new configuration: its ports are closed for a moment";

const routesAwaited = "waiting for Traefik to load the routes of services …";

async function routesOf(
  endpoints: Parameters<typeof awaitLabels>[0],
  report: Report,
): Promise<void> {
  if (await awaitLabels(endpoints)) return;
  report.note("Traefik has not loaded the routes of all services yet: is the worker running?");
}

async function enrolKeys(job: Job, config: InstanceConfig, report: Report): Promise<void> {
  const { keys, skipped } = job.keys;
  const { found, added } = await enrol(config, keys, job.io.world.now());
  for (const key of added) report.note(`enrolled ${describeKey(key)}`);
  for (const text of skipped) report.note(`skipped ${text}`);
  report.done(`keys, ${(await enrolledNow(config)).length} enrolled`, found);
}

async function removeContainers(infra: Infra, config: InstanceConfig): Promise<void> {
  await infra.removeContainer(traefikContainerName(config.instance));
  await infra.removeContainer(receiverContainerName(config.instance));
}

/** Traefik reads its static configuration, the CA and its environment at the start only, and a mount keeps the file it began with. */
export function withStatic(plan: InfraPlan, files: readonly (string | undefined)[]): InfraPlan {
  const facts = JSON.stringify([...files, plan.env]);
  const hash = createHash("sha256").update(facts).digest("hex").slice(0, 16);
  return { ...plan, labels: { ...plan.labels, "mypaas.static": hash } };
}

const noCertificates =
  "certificates: this server requests none; to request them: mypaas init --email you@example.com";

const onlyIPv4 =
  "addresses: this server answers on IPv4 alone; for IPv6 too: mypaas init --bind 0.0.0.0 ::";

async function conclude(
  { options, io, needsSystemd }: Job,
  config: InstanceConfig,
  { report, pin }: { readonly report: Report; readonly pin: string },
): Promise<void> {
  const worker = `mypaas worker --state ${config.stateDir}`;
  if (!needsSystemd) report.note(`start the worker yourself: ${worker}`);
  if (config.email === undefined) report.note(noCertificates);
  if (config.bind === everyAddress[0] && ownAddresses().some((one) => !isIPv4(one)))
    report.note(onlyIPv4);
  if (!report.hasChanged) report.note("nothing to change");
  const host = config.domain ?? options.host ?? (await ownAddress(config));
  const origin = originOf(host, config.httpsPort);
  const url = formatRemoteLine({ origin, server: config.server, pin });
  const command = `mypaas remote add prod '${url}'`;
  const { hasChanged: changed, steps } = report;
  const answer = { changed, steps, remote: url, command, ...(needsSystemd ? {} : { worker }) };
  io.answer(`On your laptop, run:\n  ${command}`, answer);
}

async function ownAddress(config: InstanceConfig): Promise<string> {
  const bind = bindsOf(config).find((one) => !isEveryAddress(one));
  return bind ?? (await defaultAddress()) ?? "127.0.0.1";
}
