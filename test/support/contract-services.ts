import type { Release } from "../../src/core/release/release.ts";
import { release } from "./releases.ts";

/** A value with all that labels, YAML and Go templates could misread. */
export const odd = "a, b; \"c\" 'd' `e` $1 ${2} {{f}} %20 #g =h\\i.";

/** Some services, one for each thing that labels can say. */
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
    release("asks", 2, {
      instance,
      routes: ["http://asks.test", "https://asks.test"],
      spec: { auth: ["ann", "bob"] },
    }),
    release("every", 1, {
      instance,
      routes: ["http://every.test"],
      spec: {
        auth: ["ann"],
        headers: [{ name: "X-A", value: "1" }],
        allowIp: ["0.0.0.0/0"],
        rateLimit: { requests: 100, per: "s", burst: 100 },
        maxRequests: 100,
        compress: true,
      },
    }),
    release("locked", 1, { instance, routes: ["http://locked.test"], spec: { auth: ["eve"] } }),
    release("only", 1, {
      instance,
      routes: ["http://only.test"],
      spec: { allowIp: ["203.0.113.0/24", "2001:db8::/32"] },
    }),
    release("open", 1, {
      instance,
      routes: ["http://open.test"],
      spec: { allowIp: ["203.0.113.7", "0.0.0.0/0", "::/0"] },
    }),
    release("rated", 1, {
      instance,
      routes: ["http://rated.test"],
      spec: { rateLimit: { requests: 1, per: "h", burst: 2 } },
    }),
    release("few", 1, { instance, routes: ["http://few.test"], spec: { maxRequests: 1 } }),
    release("zips", 1, { instance, routes: ["http://zips.test"], spec: { compress: true } }),
    release("adorned", 1, {
      instance,
      routes: ["http://adorned.test"],
      spec: {
        headers: [
          { name: "X-Odd", value: odd },
          { name: "X-Powered-By", value: "" },
        ],
      },
    }),
    release("leads", 1, {
      instance,
      routes: [
        "https://leads.test",
        "https://www.leads.test>https://leads.test",
        "https://early.test>https://soon.test/x",
        "https://soon.test",
        "https://*.away.test>https://elsewhere.example/base",
        "http://same.test>http://plainly.test/y",
        "http://plainly.test",
      ],
    }),
    release("worker", 1, { instance, port: undefined }),
    release("internal", 1, { instance }),
  ];
}
