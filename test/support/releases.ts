import { buildSpec } from "../../src/core/dockerfile/keys/table.ts";
import type { Release } from "../../src/core/release/release.ts";
import type { ServiceSpec } from "../../src/core/release/spec.ts";

const { service: _service, slug: _slug, ...defaults } = buildSpec((field) => field.default);

/** The value of each field in a release that was stored before the field existed; every stored release has a name. */
export const specDefaults: Omit<ServiceSpec, "service" | "slug"> = defaults;

/** A release with ordinary values; `routes` are URLs, `http(s)://host[/path]`, or two with `>` for a redirect. */
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
      ...specDefaults,
      routes: routes.map((url) => {
        const [from = "", to] = url.split(">");
        return { ...place(from), ...(to !== undefined && { to: place(to) }) };
      }),
      scale: { kind: "roll", replicas: 1 },
      ...spec,
    },
  };
}

function place(url: string) {
  const [, scheme, host = "", path = ""] = /^(https?):\/\/([^/]+)(\/.*)?$/.exec(url) ?? [];
  return { host, path, https: scheme === "https" };
}
