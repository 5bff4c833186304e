import type { Release } from "../../src/core/release/release.ts";
import type { ServiceSpec } from "../../src/core/release/spec.ts";

/** A release with ordinary values; `routes` are URLs, `http(s)://host[/path]`. */
export function release(
  service: string,
  number: number,
  more: Partial<Omit<Release, "spec">> & {
    readonly routes?: readonly string[];
    readonly spec?: Partial<ServiceSpec>;
  } = {},
): Release {
  const { routes = [], spec, ...rest } = more;
  const slug = service.replaceAll(".", "-");
  const instance = more.instance ?? "mypaas";
  return {
    instance,
    number,
    image: `${instance}/${slug}:r${number}`,
    port: 3000,
    env: {},
    mounts: [],
    imageHealthcheck: false,
    ...rest,
    spec: {
      service,
      slug,
      routes: routes.map((url) => {
        const [, scheme, host = "", path = ""] = /^(https?):\/\/([^/]+)(\/.*)?$/.exec(url) ?? [];
        return { host, path, https: scheme === "https" };
      }),
      stripPrefix: false,
      port: undefined,
      scale: { kind: "roll", replicas: 1 },
      volumes: [],
      env: [],
      publish: [],
      healthcheck: undefined,
      startTimeoutMs: 60_000,
      drainTimeoutMs: undefined,
      stopTimeoutMs: 10_000,
      maxCpu: undefined,
      maxMemoryBytes: undefined,
      release: undefined,
      target: undefined,
      buildArgs: [],
      ...spec,
    },
  };
}
