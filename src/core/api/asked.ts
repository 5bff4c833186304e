import { readAction, type Action } from "../actions/actions.ts";
import { asFields, bad, shown, type Fields } from "../actions/fields.ts";
import { UserError } from "../errors.ts";
import { web } from "../release/processes.ts";
import { partsOf } from "./replica-id.ts";
import { apiBase, type Endpoint, type Method, type QueryKind } from "./endpoint.ts";
import { endpoints } from "./endpoints.ts";

/** An endpoint that was asked, with what its path says. */
export interface Found {
  readonly endpoint: Endpoint;
  readonly parameters: Readonly<Record<string, string>>;
}

/** Finds the endpoint of a path below `apiBase`; throws UserError "not-found", or "method" where only the method is wrong. */
export function findEndpoint(method: string, pathname: string): Found {
  const path = usual(pathname);
  const at = endpoints.flatMap((endpoint) => {
    const parameters = match(endpoint.path, path);
    return parameters === undefined ? [] : [{ endpoint, parameters }];
  });
  const found = at.find(({ endpoint }) => endpoint.method === method);
  if (found !== undefined) return found;
  if (at.length === 0)
    throw new UserError(`path ${shown(pathname, 100)}: not part of the API`, {
      code: "not-found",
      hint: "see what there is: GET openapi.json below the same address",
    });
  const methods = methodsAt(pathname);
  throw new UserError(`${shown(method, 10)}: not at this path`, {
    code: "method",
    hint: `use ${methods.join(" or ")}`,
  });
}

/** The methods that a path below `apiBase` has. */
export const methodsAt = (pathname: string): readonly Method[] =>
  endpoints
    .filter(({ path, does }) => !isWrongMethod(does) && match(path, usual(pathname)) !== undefined)
    .map(({ method }) => method);

const isWrongMethod = (does: Endpoint["does"]): boolean =>
  does.kind === "refused" && does.status === 405;

/** Other words for the same address: a service is an app, and a build a job. */
const usual = (pathname: string): string =>
  pathname.replace(/^\/apps(?=\/|$)/, "/services").replace(/^\/builds(?=\/\d+(?:\/|$))/, "/jobs");

/** The parameters in a path that fits a template; undefined for any other. */
function match(template: string, path: string): Record<string, string> | undefined {
  const [wanted, given] = [template.split("/"), path.split("/")];
  if (wanted.length !== given.length) return undefined;
  const parameters: Record<string, string> = {};
  for (const [index, part] of wanted.entries()) {
    const one = given[index] ?? "";
    const name = /^\{(\w+)\}$/.exec(part)?.[1];
    if (name === undefined) {
      if (part !== one) return undefined;
    } else {
      const text = decoded(one);
      if (text === undefined || text === "") return undefined;
      parameters[name] = text;
    }
  }
  return parameters;
}

function decoded(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}

/** What came with a request to an endpoint. */
export interface Given {
  readonly query: URLSearchParams;
  /** The JSON of its body; undefined where it has none. */
  readonly body: unknown;
}

/** The action that a request asks for; throws UserError "bad-request", or "confirm" where something is removed without a word. */
export function readAsked(found: Found, given: Given): Action {
  const { endpoint } = found;
  const { does, fixed } = endpoint;
  if (does.kind === "refused") {
    const { message, code, hint } = does;
    throw new UserError(message, { code, hint });
  }
  const { confirm, ...queried } = queryFields(endpoint, given.query);
  const read = readAction({
    action: does.action,
    ...fixed,
    ...queried,
    ...bodyFields(endpoint, given.body),
    ...parameterFields(found),
  });
  if (read.action === "remove" && confirm !== read.service)
    throw new UserError(`remove ${read.service}: needs ?confirm=${read.service}`, {
      code: "confirm",
      hint: `look first: GET ${apiBase}/services/${read.service}/removal`,
    });
  if (read.action === "scale" && read.replicas === 0 && (read.process ?? web) === web)
    throw new UserError(`scale ${read.service}: should be at least 1 replica, got 0`, {
      code: "bad-request",
      hint: `to take it out of use: POST ${apiBase}/services/${read.service}/stop`,
    });
  return read;
}

function parameterFields({ endpoint, parameters }: Found): Fields {
  const { container, job, ...others } = parameters;
  const number = job === undefined ? undefined : readNumber(job, "job");
  const isListed = endpoint.does.kind === "one-job";
  return {
    ...others,
    // The newest job before the next one is this one, where it is known.
    ...(number !== undefined && (isListed ? { before: number + 1 } : { job: number })),
    ...(container !== undefined && partsOf(container)),
  };
}

function queryFields({ query = {} }: Endpoint, given: URLSearchParams): Fields {
  const fields: Record<string, unknown> = {};
  for (const [name, value] of given) {
    const kind = Object.hasOwn(query, name) ? query[name] : undefined;
    if (kind === undefined)
      throw bad(`query ${shown(name)}: not known here${takes(Object.keys(query))}`);
    if (Object.hasOwn(fields, name)) throw bad(`query ${name}: given twice`);
    fields[name] = readQuery(kind, value, name);
  }
  return fields;
}

function readQuery(kind: QueryKind, value: string, name: string): unknown {
  switch (kind) {
    case "text":
      return value;
    case "number":
      return readNumber(value, name);
    case "flag":
      if (["", "1", "true"].includes(value)) return true;
      if (["0", "false"].includes(value)) return false;
      throw bad(`${name}: should be true or false, got ${shown(value)}`);
    case "list":
      return value.split(",").filter((one) => one !== "");
  }
}

function readNumber(text: string, name: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw bad(`${name}: should be a whole number, got ${shown(text)}`);
}

function bodyFields({ body = [] }: Endpoint, given: unknown): Fields {
  if (given === undefined) return {};
  const fields = asFields(given, "body");
  const unknown = Object.keys(fields).find((name) => !body.includes(name));
  if (unknown !== undefined) throw bad(`body: ${shown(unknown)}: not known here${takes(body)}`);
  return fields;
}

const takes = (names: readonly string[]): string =>
  names.length === 0 ? "" : `, it takes ${names.join(", ")}`;
