import { request as plainRequest } from "node:http";
import { request as tlsRequest } from "node:https";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";

type Json = Readonly<Record<string, unknown>>;

interface Parameter {
  readonly name: string;
  readonly in: "path" | "query" | "header";
  readonly required?: boolean;
}

export interface Operation {
  readonly operationId: string;
  readonly method: string;
  readonly path: string;
  readonly parameters: readonly Parameter[];
  /** By status, such as `200` or `4XX`; the schema of the answer in JSON, where it has one. */
  readonly responses: ReadonlyMap<string, Json | undefined>;
}

/** Our own description of the API. */
export interface Described {
  readonly operations: readonly Operation[];
  readonly document: Json;
}

const file = join(dirname(dirname(import.meta.dirname)), "docs", "openapi.json");

/** Reads docs/openapi.json, or another description. */
export async function readDescription(text?: string): Promise<Described> {
  const document = JSON.parse(text ?? (await readFile(file, "utf8"))) as Json;
  const paths = document["paths"] as Readonly<Record<string, Readonly<Record<string, Json>>>>;
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, said]): Operation => {
      const responses = Object.entries(said["responses"] as Readonly<Record<string, Json>>).map(
        ([status, one]) => [status, schemaOf(followed(document, one))] as const,
      );
      return {
        operationId: String(said["operationId"]),
        method: method.toUpperCase(),
        path,
        parameters: said["parameters"] as readonly Parameter[],
        responses: new Map(responses),
      };
    }),
  );
  return { document, operations };
}

const schemaOf = ({ content }: Json): Json | undefined =>
  (content as Readonly<Record<string, { readonly schema: Json }>> | undefined)?.["application/json"]
    ?.schema;

function followed(document: Json, one: Json): Json {
  const { $ref } = one;
  if (typeof $ref !== "string") return one;
  const found = $ref
    .slice(2)
    .split("/")
    .reduce((at: unknown, name) => (at as Json | undefined)?.[name], document);
  if (found === undefined) throw new Error(`${$ref}: leads nowhere`);
  return found as Json;
}

export interface ApiAnswer {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly text: string;
  /** The JSON of it; empty where it is none. */
  readonly json: Json;
}

export interface Calling {
  /** Values of the parameters in path, query and headers, by name. */
  readonly with?: Readonly<Record<string, string | number | boolean>>;
  readonly body?: unknown;
  readonly token?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface ApiPlace {
  readonly port: number;
  /** The server's own name. */
  readonly host: string;
  readonly base: string;
  readonly token: string;
  /** The worker's socket, for one that asks it in the place of the receiver. */
  readonly socketPath?: string;
}

/** A client made of the description: each call fills in what an operation declares, and its answer is compared with what the operation promises. */
export function describedClient(described: Described, place: ApiPlace) {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  ajv.addSchema({ $id: "api", ...described.document });
  const compiled = new Map<string, ValidateFunction>();
  const called = new Set<string>();
  const seen = (operation: Operation, answer: ApiAnswer): void => {
    const { operationId, responses } = operation;
    const key = [String(answer.status), `${Math.floor(answer.status / 100)}XX`].find((one) =>
      responses.has(one),
    );
    if (key === undefined)
      throw new Error(`${operationId}: ${answer.status} is not described: ${answer.text}`);
    const schema = responses.get(key);
    if (schema === undefined) return;
    const id = `${operationId} ${key}`;
    const whole = JSON.stringify(schema).replaceAll('"#/components', '"api#/components');
    const validate = compiled.get(id) ?? ajv.compile(JSON.parse(whole) as object);
    compiled.set(id, validate);
    if (!validate(answer.json))
      throw new Error(`${id}: ${ajv.errorsText(validate.errors)}: ${answer.text}`);
  };
  const call = async (operationId: string, calling: Calling = {}): Promise<ApiAnswer> => {
    const operation = described.operations.find((one) => one.operationId === operationId);
    if (operation === undefined) throw new Error(`${operationId}: not described`);
    called.add(operationId);
    const { path, headers } = filledIn(operation, calling.with ?? {});
    const answer = await askApi(place, {
      method: operation.method,
      path,
      headers: { ...headers, ...calling.headers },
      ...(calling.body !== undefined && { body: calling.body }),
      ...(calling.token !== undefined && { token: calling.token }),
    });
    seen(operation, answer);
    return answer;
  };
  return { call, called };
}

function filledIn(operation: Operation, values: NonNullable<Calling["with"]>) {
  let { path } = operation;
  const query = new URLSearchParams();
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(values)) {
    const parameter = operation.parameters.find((one) => one.name === name);
    if (parameter === undefined) throw new Error(`${operation.operationId}: has no ${name}`);
    if (parameter.in === "path")
      path = path.replace(`{${name}}`, encodeURIComponent(String(value)));
    else if (parameter.in === "query") query.set(name, String(value));
    else headers[name] = String(value);
  }
  return { path: query.size === 0 ? path : `${path}?${query.toString()}`, headers };
}

interface Asking {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** Empty: without one. */
  readonly token?: string;
}

/** One request to the API through Traefik. */
export function askApi(place: ApiPlace, asking: Asking): Promise<ApiAnswer> {
  const { port, host, base } = place;
  const { method, path, body, token = place.token } = asking;
  const isBytes = body instanceof Uint8Array;
  const bytes =
    body === undefined
      ? undefined
      : isBytes
        ? Buffer.from(body)
        : Buffer.from(JSON.stringify(body));
  const headers = {
    host,
    ...(token !== "" && { authorization: `Bearer ${token}` }),
    ...(bytes !== undefined && {
      "content-type": isBytes ? "application/gzip" : "application/json",
      "content-length": String(bytes.length),
    }),
    ...asking.headers,
  };
  return new Promise((resolve, reject) => {
    const { socketPath } = place;
    const to = socketPath === undefined ? { host: "127.0.0.1" } : { socketPath };
    const request = socketPath === undefined ? tlsRequest : plainRequest;
    const asked = request({
      ...to,
      port,
      servername: host,
      rejectUnauthorized: false,
      agent: false,
      method,
      path: `${base}${path}`,
      headers,
      timeout: 60_000,
    });
    asked.on("error", reject).on("timeout", () => asked.destroy(new Error("no answer in 60 s")));
    asked.on("response", (answer) => {
      let text = "";
      answer.setEncoding("utf8").on("data", (more: string) => (text += more));
      answer.on("error", reject).on("end", () => {
        const isJson = answer.headers["content-type"]?.startsWith("application/json") === true;
        const json = isJson && text !== "" ? (JSON.parse(text) as Json) : {};
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text, json });
      });
    });
    asked.end(bytes);
  });
}
