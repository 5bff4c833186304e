import type { Release } from "../../src/core/release/release.ts";
import { release } from "./releases.ts";

/** A dozen services, one for each thing that labels can say. */
export function releases(instance: string): readonly Release[] {
  const healthcheck = { path: "/health", intervalMs: 5_000, timeoutMs: 1_000 };
  return [
    release("plain", 1, { instance, routes: ["http://plain.test", "http://second.plain.test"] }),
    release("docs", 7, { instance, routes: ["http://plain.test/docs"] }),
    release("docs.v2", 3, {
      instance,
      routes: ["http://plain.test/docs/v2"],
      spec: { stripPrefix: true },
    }),
    release("comma", 1, {
      instance,
      routes: ["http://plain.test/a,b+c"],
      spec: { stripPrefix: true },
    }),
    release("wild", 12, { instance, routes: ["http://*.wild.test"] }),
    release("exact", 1, { instance, routes: ["http://exact.wild.test"] }),
    release("secure", 2, { instance, routes: ["https://secure.test"] }),
    release("both", 1, { instance, routes: ["http://both.test", "https://both.test"] }),
    release("health", 5, { instance, routes: ["http://health.test"], spec: { healthcheck } }),
    release("odd-port", 1, { instance, routes: ["http://odd-port.test"], port: 8081 }),
    release("idn", 1, { instance, routes: ["http://xn--bcher-kva.test"] }),
    release("sticky", 1, {
      instance,
      routes: ["https://sticky.test"],
      spec: { sticky: { kind: "on" } },
    }),
    release("rpc", 1, { instance, routes: ["http://rpc.test"], spec: { protocol: "h2c" } }),
    release("rpc-health", 1, {
      instance,
      routes: ["http://rpc-health.test"],
      spec: { protocol: "h2c", healthcheck },
    }),
    release("patient", 1, {
      instance,
      routes: ["http://patient.test"],
      spec: { answerTimeoutMs: 1_000 },
    }),
    release("worker", 1, { instance, port: undefined }),
    release("internal", 1, { instance }),
  ];
}
