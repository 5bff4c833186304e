import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { isVariableStatement, type Statement } from "typescript/unstable/ast";
import type { Checker, Project, Symbol, Type } from "typescript/unstable/sync";
import { apiBase, longApiBase, type Does, type Endpoint } from "../src/core/api/endpoint.ts";
import { endpoints } from "../src/core/api/endpoints.ts";

const root = dirname(import.meta.dirname);
const file = join(root, "docs/openapi.json");

type Schema = Readonly<Record<string, unknown>>;

/** The description of the API: the table of endpoints, and the types of the actions that they ask for. */
export const makeOpenApi = (project: Project): string =>
  `${JSON.stringify(describe(project), null, 1)}\n`;

/** What the file says now. */
export const readOpenApi = (): string => readFileSync(file, "utf8");

/** Returns the path of the file. */
export function writeOpenApi(text: string): string {
  writeFileSync(file, text);
  return file;
}

function describe(project: Project): Schema {
  const schemas = new Schemas(project.checker);
  const types = typesOf(project);
  const error = schemas.of(types.named("wire/protocol.ts", "ErrorAnswer"));
  const paths: Record<string, Record<string, unknown>> = {};
  for (const endpoint of endpoints) {
    const at = (paths[endpoint.path] ??= {});
    at[endpoint.method.toLowerCase()] = operation(endpoint, { types, schemas });
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "mypaas",
      version: "1",
      summary: "The REST API of a mypaas server.",
      description: `Tokens are made by \`mypaas token create\`. After \`mypaas init --api\` it answers at ${apiBase} on the server's own name, and always at ${longApiBase} on every host of the server. \`/apps\` stands for \`/services\`, and \`/builds/N\` for \`/jobs/N\`.`,
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [{ url: apiBase }, { url: longApiBase }],
    security: [{ token: [] }],
    paths,
    components: {
      securitySchemes: {
        token: { type: "http", scheme: "bearer", description: "Made by `mypaas token create`." },
      },
      responses: {
        error: {
          description: "It was refused: why, and what to do about it.",
          content: { "application/json": { schema: error } },
        },
      },
      schemas: schemas.named(),
    },
  };
}

type Types = ReturnType<typeof typesOf>;

/** Finds types of the source. */
function typesOf({ program, checker }: Project) {
  const statementsOf = (path: string) =>
    program.getSourceFile(join(root, "src/core", path))?.statements ?? [];
  const typeOf = (symbol: Symbol | undefined, what: string): Type => {
    const type = symbol && checker.getTypeOfSymbol(symbol);
    if (type === undefined) throw new Error(`${what}: has no type`);
    return type;
  };
  const symbolNamed = (path: string, name: string): Symbol => {
    const found = [...statementsOf(path)].find(
      (one) => (one as Statement & { name?: { text?: string } }).name?.text === name,
    ) as (Statement & { name: never }) | undefined;
    const symbol = found && checker.getSymbolAtLocation(found.name);
    if (symbol === undefined) throw new Error(`${path}: has no ${name}`);
    return symbol;
  };
  const table = [...statementsOf("actions/actions.ts")]
    .filter(isVariableStatement)
    .flatMap((one) => [...one.declarationList.declarations])
    .find(({ name }) => name.getText() === "actions");
  if (table === undefined) throw new Error("actions: not found");
  const actions = typeOf(checker.getSymbolAtLocation(table.name), "actions");
  const part = (of: Type, name: string): Type | undefined => {
    const property = checker.getPropertyOfType(of, name);
    return property && checker.getTypeOfSymbol(property);
  };
  return {
    named: (path: string, name: string) => checker.getDeclaredTypeOfSymbol(symbolNamed(path, name)),
    /** The result of an action; undefined where it has none. */
    result: (action: string): Type | undefined => {
      const becomes = part(part(actions, action) ?? actions, "becomes");
      return becomes && part(becomes, "result");
    },
    /** The type that a field of an action is read as, and what its comment says. */
    field: (action: string, name: string): { readonly type: Type; readonly comment: string } => {
      const fields = part(part(actions, action) ?? actions, "fields");
      const property = fields && checker.getPropertyOfType(fields, name);
      const reader = typeOf(property, `${action}.${name}`);
      const [signature] = checker.getSignaturesOfType(reader, 0);
      const type = signature && checker.getReturnTypeOfSignature(signature);
      if (type === undefined) throw new Error(`${action}.${name}: is no reader`);
      return { type, comment: property?.getDocumentationComment(checker) ?? "" };
    },
  };
}

/** Schemas of types; those with a name stand among the components. */
class Schemas {
  readonly #checker: Checker;
  readonly #named = new Map<string, { readonly id: number; schema: Schema }>();

  constructor(checker: Checker) {
    this.#checker = checker;
  }

  named(): Schema {
    const all = [...this.#named].toSorted(([a], [b]) => (a < b ? -1 : 1));
    return Object.fromEntries(all.map(([name, { schema }]) => [name, schema]));
  }

  of(type: Type): Schema {
    const name = (type.getAliasSymbol() ?? type.getSymbol())?.name;
    const isNamed = name !== undefined && /^[A-Z]/.test(name) && !builtIn.has(name);
    if (!isNamed || type.getAliasTypeArguments().length > 0) return this.#inline(type);
    const known = this.#named.get(name);
    const ref = { $ref: `#/components/schemas/${name}` };
    if (known === undefined) {
      const entry = { id: type.id, schema: {} };
      this.#named.set(name, entry);
      entry.schema = this.#inline(type);
    } else if (known.id !== type.id) return this.#inline(type);
    return ref;
  }

  #inline(type: Type): Schema {
    if (type.isUnionType()) return this.#union(type.getTypes());
    if (type.isStringLiteralType() || type.isNumberLiteralType() || type.isBooleanLiteralType())
      return { const: type.value };
    const text = this.#checker.typeToString(type);
    if (text === "string" || text === "boolean" || text === "number") return { type: text };
    if (text === "unknown" || text === "any") return {};
    if (this.#checker.isArrayType(type) && type.isTypeReference()) {
      const [item] = this.#checker.getTypeArguments(type);
      if (item !== undefined) return { type: "array", items: this.of(item) };
    }
    return this.#object(type);
  }

  #union(types: readonly Type[]): Schema {
    const known = types.filter((one) => this.#checker.typeToString(one) !== "undefined");
    const literals = known.filter((one) => one.isLiteralType());
    if (literals.length === known.length) {
      const values = literals.map((one) => (one.isLiteralType() ? one.value : undefined));
      if (values.length === 2 && values.every((one) => typeof one === "boolean"))
        return { type: "boolean" };
      if (values.every((one) => typeof one === "string")) return { type: "string", enum: values };
      if (values.length === 1) return { const: values[0] };
    }
    const [only] = known;
    if (known.length === 1 && only !== undefined) return this.of(only);
    return { anyOf: known.map((one) => this.of(one)) };
  }

  #object(type: Type): Schema {
    const properties = this.#checker.getPropertiesOfType(type);
    const [index] = this.#checker.getIndexInfosOfType(type);
    const shown = properties.map((property) => {
      const own = this.#checker.getTypeOfSymbol(property);
      const comment = property.getDocumentationComment(this.#checker).replaceAll(/\s+/g, " ");
      const schema = own === undefined ? {} : this.of(own);
      const isOptional = (property.flags & optionalFlag) !== 0;
      const more = comment === "" ? {} : { description: comment };
      return { name: property.name, isOptional, schema: { ...schema, ...more } };
    });
    const required = shown.filter(({ isOptional }) => !isOptional).map(({ name }) => name);
    return {
      type: "object",
      ...(shown.length > 0 && {
        properties: Object.fromEntries(shown.map(({ name, schema }) => [name, schema])),
      }),
      ...(required.length > 0 && { required }),
      ...(index !== undefined && { additionalProperties: this.of(index.valueType) }),
    };
  }
}

const optionalFlag = 16_777_216;
const builtIn = new Set(["Array", "ReadonlyArray", "Record", "Readonly", "String", "Number"]);

interface Sources {
  readonly types: Types;
  readonly schemas: Schemas;
}

function operation(endpoint: Endpoint, sources: Sources): Schema {
  const { about, does, method, path, body = [] } = endpoint;
  const isRefused = does.kind === "refused";
  return {
    operationId: nameOf(endpoint),
    summary: about,
    ...(path.startsWith("/services") ? { tags: ["services"] } : { tags: [path.split("/")[1]] }),
    parameters: [...inPath(path), ...inQuery(endpoint, sources), ...inHeaders(endpoint)],
    ...(body.length > 0 && !isRefused && { requestBody: requestBody(endpoint, sources) }),
    responses: {
      ...answers(does, method, sources),
      ...(isRefused ? {} : { "4XX": { $ref: "#/components/responses/error" } }),
    },
  };
}

/** Such as `getServicesLogs`; unique, because it is made of what tells endpoints apart. */
const nameOf = ({ method, path }: Endpoint): string =>
  method.toLowerCase() +
  path
    .split("/")
    .filter((part) => part !== "")
    .map((part) => part.replace(/^\{(.*)\}$/, "of-$1"))
    .map((part) => part.replaceAll(/(?:^|-|\.)(\w)/g, (_, letter: string) => letter.toUpperCase()))
    .join("");

const inPath = (path: string): readonly Schema[] =>
  [...path.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => ({
    name,
    in: "path",
    required: true,
    schema: { type: name === "job" ? "integer" : "string" },
  }));

const kinds = {
  text: { type: "string" },
  number: { type: "integer", minimum: 0 },
  flag: { type: "boolean" },
  list: { type: "array", items: { type: "string" } },
} as const;

function inQuery({ query = {}, does }: Endpoint, { types }: Sources): readonly Schema[] {
  return Object.entries(query).map(([name, kind]) => {
    const isConfirm = name === "confirm" || does.kind === "refused";
    const comment = isConfirm ? "" : types.field(does.action, name).comment;
    const description = isConfirm ? "The name of the service once more." : comment;
    return {
      name,
      in: "query",
      ...(isConfirm && { required: true }),
      ...(description !== "" && { description: description.replaceAll(/\s+/g, " ") }),
      schema: kinds[kind],
      ...(kind === "list" && { style: "form", explode: false }),
    };
  });
}

function inHeaders({ does, method }: Endpoint): readonly Schema[] {
  const header = (name: string, description: string) => ({
    name,
    in: "header",
    description,
    schema: { type: "string" },
  });
  if (does.kind === "job")
    return [header("Idempotency-Key", "The same request with the same word begins one job only.")];
  if (does.kind === "events")
    return [
      header("Last-Event-ID", "Offset of the last event that arrived; the next one follows."),
    ];
  if (
    method !== "GET" ||
    does.kind === "logs" ||
    does.kind === "refused" ||
    does.kind === "prometheus"
  )
    return [];
  return [header("If-None-Match", "The ETag of an earlier answer: 304 where nothing is new.")];
}

function requestBody(endpoint: Endpoint, { types, schemas }: Sources): Schema {
  const { body = [], does } = endpoint;
  const fields = body.map((name) => {
    const { type, comment } = types.field(does.kind === "refused" ? "" : does.action, name);
    const isOptional = type.isUnionType() && type.getTypes().some((one) => one.flags === 4);
    const description = comment.replaceAll(/\s+/g, " ");
    const schema = { ...schemas.of(type), ...(description !== "" && { description }) };
    return { name, isOptional, schema };
  });
  const required = fields.filter(({ isOptional }) => !isOptional).map(({ name }) => name);
  const schema = {
    type: "object",
    properties: Object.fromEntries(fields.map(({ name, schema: own }) => [name, own])),
    ...(required.length > 0 && { required }),
    additionalProperties: false,
  };
  return {
    required: required.length > 0,
    content: { "application/json": { schema } },
  };
}

const jsonOf = (schema: Schema, description: string): Schema => ({
  description,
  content: { "application/json": { schema } },
});

const begun: Schema = {
  type: "object",
  properties: {
    job: { type: "integer", description: "Its number." },
    attached: { type: "boolean", description: "An earlier request has begun it." },
  },
  required: ["job"],
};

function answers(does: Does, method: string, { types, schemas }: Sources): Schema {
  const in304 = { description: "Nothing is new since the answer with that ETag." };
  const looked = (schema: Schema) => ({ "200": jsonOf(schema, "What there is."), "304": in304 });
  const live = (schema: Schema) => ({
    "200": {
      description: "Lines, or server-sent events where Accept asks for text/event-stream.",
      content: { "application/x-ndjson": { schema }, "text/event-stream": { schema } },
    },
  });
  switch (does.kind) {
    case "answer": {
      const result = types.result(does.action);
      const schema = result === undefined ? {} : schemas.of(result);
      return method === "GET" ? looked(schema) : { "200": jsonOf(schema, "What it is now.") };
    }
    case "one-job":
      return looked(schemas.of(types.named("actions/jobs.ts", "JobInfo")));
    case "prometheus":
      return {
        "200": {
          description: "Text in the format of Prometheus, version 0.0.4.",
          content: { "text/plain": { schema: { type: "string" } } },
        },
      };
    case "job": {
      const result = does.action === "cancel" ? undefined : types.result(does.action);
      const isDone = result !== undefined && result.isUnionType();
      return {
        "202": jsonOf(begun, "A job has begun, or one that does the same was found."),
        ...(isDone && { "200": jsonOf(schemas.of(result), "Nothing had to run.") }),
      };
    }
    case "services":
      return looked(schemas.of(types.named("api/snapshot.ts", "ApiServices")));
    case "service":
      return looked(schemas.of(types.named("actions/watch.ts", "PsService")));
    case "containers":
      return looked(schemas.of(types.named("api/snapshot.ts", "ApiContainers")));
    case "container":
      return looked(schemas.of(types.named("api/snapshot.ts", "ApiContainer")));
    case "logs":
      return live(schemas.of(types.named("logs/item.ts", "LogItem")));
    case "events":
      return live(schemas.of(types.named("wire/events.ts", "LoggedEvent")));
    case "refused":
      return { [does.status]: { $ref: "#/components/responses/error" } };
  }
}
