import { label } from "../release/names.ts";

/** The decision about one request to the filtered Docker socket. */
export type Decision = Allowed | { readonly kind: "refused"; status: number; message: string };

export interface Allowed {
  /** `inspect`: the answer is checked and secrets are removed. `stream`: it is passed on. */
  readonly kind: "inspect" | "stream";
  readonly method: "GET" | "HEAD";
  /** Path and query for the engine, built here and not copied from the request. */
  readonly path: string;
}

/** Allows the requests of Traefik's docker provider, for containers of this instance; refuses all others. */
export function decide(method: string, target: string, instance: string): Decision {
  if (method !== "GET" && method !== "HEAD") return refused(`${method} is not allowed`);
  const match = /^(\/v\d+\.\d+)?(\/[^?#]*)(?:\?([^#]*))?$/.exec(target);
  const [, version = "", path = "", query = ""] = match ?? [];
  if (path === "/_ping" || path === "/version")
    return { kind: "stream", method, path: `${version}${path}` };
  if (path === "/containers/json" || path === "/events") {
    const limited = limitQuery(query, path, instance);
    if (limited === undefined) return { kind: "refused", status: 400, message: "bad filters" };
    return { kind: "stream", method, path: `${version}${path}?${limited}` };
  }
  const id = /^\/containers\/([A-Za-z0-9][A-Za-z0-9_.-]*)\/json$/.exec(path)?.[1];
  if (id !== undefined)
    return { kind: "inspect", method, path: `${version}/containers/${id}/json` };
  return refused("this call is not allowed");
}

const refused = (what: string): Decision => ({
  kind: "refused",
  status: 403,
  message: `mypaas: ${what}`,
});

const passedParameters: Readonly<Record<string, readonly string[]>> = {
  "/containers/json": ["all", "limit", "size"],
  "/events": ["since", "until"],
};

function limitQuery(query: string, path: string, instance: string): string | undefined {
  const given = new URLSearchParams(query);
  const limited = new URLSearchParams();
  for (const name of passedParameters[path] ?? []) {
    const value = given.get(name);
    if (value !== null) limited.set(name, value);
  }
  // Docker takes the first value of a repeated parameter; a second one is an attack.
  if (given.getAll("filters").length > 1) return undefined;
  const filters = parseFilters(given.get("filters") ?? "");
  if (filters === undefined) return undefined;
  // Values of one filter are alternatives, except labels, which must all match.
  const labels = [...(filters.get("label") ?? []), `${label.instance}=${instance}`];
  filters.set("label", labels);
  // A list shows command lines, and a command of `mypaas run` may hold a secret.
  if (path === "/containers/json") filters.set("label", [...labels, "traefik.enable=true"]);
  if (path === "/events") {
    filters.set("type", ["container"]);
    // The events that Traefik reads; an exec event would show its command line.
    filters.set("event", ["start", "die", "health_status"]);
  }
  limited.set("filters", JSON.stringify(Object.fromEntries(filters)));
  return limited.toString();
}

/** Both encodings of Docker: `{"label":["a"]}` and the older `{"label":{"a":true}}`. */
function parseFilters(text: string): Map<string, readonly string[]> | undefined {
  if (text === "") return new Map();
  const value = parseJson(text);
  if (!isRecord(value)) return undefined;
  const filters = new Map<string, readonly string[]>();
  for (const [name, wanted] of Object.entries(value)) {
    const values: readonly unknown[] | undefined = Array.isArray(wanted)
      ? wanted
      : isRecord(wanted)
        ? Object.keys(wanted).filter((key) => wanted[key] === true)
        : undefined;
    if (values === undefined) return undefined;
    const texts = values.filter((one) => typeof one === "string");
    filters.set(name, texts);
  }
  return filters;
}

/** True for the inspect answer of a container of this instance. */
export function isOurs(facts: unknown, instance: string): boolean {
  const config = isRecord(facts) ? facts["Config"] : undefined;
  const labels = isRecord(config) ? config["Labels"] : undefined;
  return isRecord(labels) && labels[label.instance] === instance;
}

/** Empties all parts that may hold a secret: environment, command lines, output of health checks. */
export function hideSecrets(facts: unknown): unknown {
  if (!isRecord(facts)) return facts;
  const { Config: config, State: state } = facts;
  return {
    ...facts,
    Path: "",
    Args: [],
    ...(isRecord(config) && {
      Config: { ...config, Env: [], Cmd: [], Entrypoint: [], Healthcheck: {} },
    }),
    ...(isRecord(state) &&
      isRecord(state["Health"]) && {
        State: { ...state, Health: { ...state["Health"], Log: [] } },
      }),
    ExecIDs: [],
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
