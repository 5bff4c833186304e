import { Readable } from "node:stream";
import { pack } from "tar-stream";
import type { Event } from "../../src/core/wire/events.ts";
import type { Release } from "../../src/core/release/release.ts";
import type { ServiceSpec } from "../../src/core/release/spec.ts";
import { createInfra } from "../../src/adapters/engines/docker/infra.ts";
import { nudgeTraefik } from "../../src/adapters/engines/docker/nudge.ts";
import { createEngine } from "../../src/adapters/engines/docker/engine.ts";
import { createMeter } from "../../src/adapters/traefik/metrics.ts";
import { createReadings } from "../../src/adapters/traefik/readings.ts";
import { createTraefikRouter } from "../../src/adapters/traefik/router.ts";
import { createNameHandovers } from "../../src/deploy/name-handover.ts";
import { deploy } from "../../src/deploy/deploy.ts";
import { startProber } from "./prober.ts";
import { realClock } from "./real-clock.ts";
import { release } from "./releases.ts";
import { nodeImage, traefikImage } from "./images.ts";
import { startTraefik } from "./traefik-e2e.ts";

const socketPath = "/var/run/docker.sock";

/** Behaves as its environment says, so that one image makes good and bad releases; it ends at once at SIGTERM, with whatever it has not answered. */
const app = `
const { PORT = "3000", BEHAVE = "", BOOT_MS = "300", HOST = "0.0.0.0" } = process.env;
process.on("SIGTERM", () => process.exit(143));
if (BEHAVE === "crash") { console.error("cannot find the database"); process.exit(3); }
if (BEHAVE === "silent") setInterval(() => {}, 1000);
else setTimeout(() => require("node:http").createServer((req, res) => {
  if (req.url === "/health" && BEHAVE === "sick") { res.statusCode = 500; res.end(); }
  else if (req.url === "/slow") setTimeout(() => res.end("slow"), 1500);
  else if (req.url === "/echo") {
    // Whole, then back: a proxy in Go breaks off an HTTP/1 exchange whose answer begins before its body has ended.
    const chunks = [];
    req.on("data", (chunk) => chunks.push(chunk)).on("end", () => res.end(Buffer.concat(chunks)));
  }
  else res.end("hello");
}).listen(Number(PORT), HOST), Number(BOOT_MS));
`;

/** A Traefik and an engine for switches of one service, with everything removed at the end. */
export async function startSwitchWorld(at: {
  readonly instance: string;
  readonly httpPort: number;
  readonly httpsPort: number;
  readonly dns?: string;
}) {
  const traefik = await startTraefik(at);
  const image = await buildApp(at.instance);
  const engine = createEngine({ instance: at.instance, socketPath });
  const router = createTraefikRouter({
    state: { server: at, live: [], switches: [] },
    write: traefik.write,
    locate: traefik.locate,
    nudge: () => nudgeTraefik({ socketPath, instance: at.instance, image: traefikImage }),
    clock: realClock,
  });
  await router.refresh();
  const events: Event[] = [];
  const steps: string[] = [];

  const nameHandovers = createNameHandovers();
  const meter = createMeter(createReadings(traefik.locate));
  return {
    traefik,
    engine,
    events,
    steps,
    release: (number: number, env: Readonly<Record<string, string>>, spec: Partial<ServiceSpec>) =>
      release("web", number, {
        instance: at.instance,
        image,
        routes: ["http://web.example.test"],
        env: { PORT: "3000", ...env },
        spec: { startTimeoutMs: 8_000, stopTimeoutMs: 2_000, ...spec },
      }),
    deploy: (to: Release, from: Release | undefined, signal = new AbortController().signal) =>
      deploy(
        { release: to, from, signal, server: at },
        {
          engine,
          router,
          clock: realClock,
          meter,
          journal: {
            intent: (step) => steps.push(`> ${step}`),
            outcome: (step) => steps.push(`< ${step}`),
          },
          say: (event) => events.push(event),
          nameHandovers,
        },
      ),
    load: (perSecond = 200) =>
      startProber({
        address: "127.0.0.1",
        port: at.httpPort,
        host: "web.example.test",
        slowPath: "/slow",
        echoPath: "/echo",
        perSecond,
        maxRequests: 20_000,
      }),
    /** What no deploy waits for is done: names that were lent are given back. */
    settled: () => nameHandovers.settled("web"),
    stop: async () => {
      await traefik.stop();
      await engine.removeImage(image);
    },
  };
}

async function buildApp(instance: string): Promise<string> {
  const tag = `${instance}/web:r1`;
  const tar = pack();
  tar.entry({ name: "app.cjs" }, app);
  tar.entry({ name: "Dockerfile" }, `FROM ${nodeImage}\nCOPY app.cjs /\nCMD ["node","/app.cjs"]\n`);
  tar.finalize();
  await createInfra({ instance, socketPath }).buildImage({
    tag,
    labels: {},
    tar: Readable.from(tar, { objectMode: false }),
    id: `web-${process.pid}`,
    onLine: () => undefined,
    signal: AbortSignal.timeout(120_000),
  });
  return tag;
}
