import { didYouMean } from "./did-you-mean.ts";
import { routesOf, type Found, type FoundValues, type SpecInput } from "./parse-values.ts";
import { isIpv4 } from "./hosts.ts";
import type { PublishSpec } from "../release/spec.ts";

/** The rules between keys and between the lines of one key. */
export function checkRules(found: FoundValues, input: SpecInput): void {
  const { problems } = input;
  // A servicename line with a bad value has its own problem already.
  if (!input.lines.some((line) => line.key.name === "servicename"))
    problems.add({
      line: 1,
      column: 1,
      message: "mypaas.servicename is missing",
      hint: "add a line such as: # mypaas.servicename = web",
    });
  checkRoutes(found, input);
  checkPublish(found, input);
  checkTarget(found, input);
  const twice = <T>(key: string, values: readonly Found<T>[], nameOf: (value: T) => string) => {
    const seen = new Map<string, number>();
    for (const { value, line, column } of values) {
      const name = nameOf(value);
      const before = seen.get(name);
      if (before === undefined) seen.set(name, line);
      else
        problems.add({
          line,
          column,
          message: `mypaas.${key}: ${name} is already on line ${before}`,
        });
    }
  };
  twice("volume", found.volumes, (volume) => volume.target);
  twice("env", found.env, (variable) => variable.name);
  twice("build-arg", found.buildArgs, (argument) => argument.name);
  twice("domain", found.domains, ({ host, path }) => host + path);
  twice("url", found.urls, ({ host, path }) => host + path);
}

function checkRoutes(found: FoundValues, { lines, problems, warnings }: SpecInput): void {
  const other = lines.find(({ key }) => key.name === "domain" || key.name === "https");
  const url = lines.find(({ key }) => key.name === "url");
  if (other && url) {
    const [first, last] = other.line < url.line ? [other, url] : [url, other];
    problems.add({
      line: last.line,
      column: last.column,
      message: `mypaas.${last.key.name}: cannot stand beside mypaas.${first.key.name} (line ${first.line})`,
      hint: "write every route as mypaas.url, or use mypaas.domain with mypaas.https",
    });
    return;
  }
  const routes = routesOf(found);
  if (
    found.https?.value === true &&
    other?.key.name === "https" &&
    !lines.some(({ key }) => key.name === "domain")
  )
    warnings.add({ ...found.https, message: "mypaas.https: has no effect without mypaas.domain" });
  if (found.stripPrefix?.value === true && routes.every(({ value }) => value.path === ""))
    warnings.add({
      ...found.stripPrefix,
      message: "mypaas.strip-prefix: has no effect, no route has a path",
    });
  const key = found.urls.length > 0 ? "url" : "domain";
  for (const { value, line, column } of routes) {
    if (!value.https) continue;
    if (isIpv4(value.host))
      problems.add({
        line,
        column,
        message: `mypaas.${key}: no certificate can be had for the address ${value.host}`,
      });
  }
}

function checkPublish(found: FoundValues, { problems }: SpecInput): void {
  const [first] = found.publish;
  const { scale } = found;
  if (first && scale && scale.value.kind !== "replace" && scale.value.replicas > 1)
    problems.add({
      line: first.line,
      column: first.column,
      message: `mypaas.publish: cannot be shared by ${scale.value.replicas} containers (mypaas.scale, line ${scale.line})`,
      hint: "set mypaas.scale = 0, or remove mypaas.publish",
    });
  const seen = new Map<string, Found<PublishSpec>[]>();
  for (const each of found.publish) {
    const { ip, hostPort, protocol } = each.value;
    const group = seen.get(`${hostPort}/${protocol}`) ?? [];
    const before = group.find(({ value }) => value.ip === ip || isAny(value.ip) || isAny(ip));
    if (before)
      problems.add({
        line: each.line,
        column: each.column,
        message: `mypaas.publish: port ${hostPort}/${protocol} is already on line ${before.line}`,
      });
    else seen.set(`${hostPort}/${protocol}`, [...group, each]);
  }
}

const isAny = (ip: string): boolean => ip === "0.0.0.0" || ip === "::";

function checkTarget({ target }: FoundValues, { stages, problems }: SpecInput): void {
  if (target === undefined) return;
  const names = stages.filter((stage) => stage !== "");
  const wanted = target.value.toLowerCase();
  const isNumber = /^\d+$/.test(wanted) && Number(wanted) < stages.length;
  if (isNumber || names.some((name) => name.toLowerCase() === wanted)) return;
  problems.add({
    ...target,
    message: `mypaas.target: no stage is named "${target.value}"`,
    hint: () => {
      const near = didYouMean(wanted, names);
      if (near !== undefined) return `did you mean ${near}?`;
      return names.length === 0 ? "name it in the Dockerfile: FROM image AS name" : undefined;
    },
  });
}
