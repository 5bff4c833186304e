import type { Problem } from "../dockerfile/problems.ts";
import { parseDockerfile } from "../dockerfile/parse.ts";
import { routingLabels } from "../routing/labels.ts";
import { coversOf, uncoveredPaths, volumeLines, waysOut } from "../release/declared-volumes.ts";
import { label as own } from "../release/names.ts";
import type { ServiceSpec } from "../release/spec.ts";
import { UserError } from "../errors.ts";
import { readServiceName } from "../dockerfile/service-names.ts";
import { show } from "../dockerfile/values.ts";
import { command, hint } from "../hints.ts";
import { buildpackProcesses } from "./buildpacks.ts";
import type { ImageConfig } from "./image-config.ts";

/** What an image says about its service. */
export interface ImageSettings {
  readonly spec: ServiceSpec;
  /** The same as a Dockerfile, in the form that a push carries. */
  readonly dockerfile: string;
  /** `image label NAME: what looks wrong`, with hints. */
  readonly warnings: readonly ImageProblem[];
}

interface ImageProblem {
  readonly text: string;
  readonly hint?: string;
}

interface Named {
  /** Name of the image in messages, such as `ann/web:2`. */
  readonly image: string;
  /** sha256 of its config, in hex. */
  readonly id: string;
  /** The service where no label names it: an argument, or what `nameOfImage` makes of the image. */
  readonly name: string | undefined;
  /** True where a person named the service, so that another name in a label is a mistake. */
  readonly isGiven: boolean;
}

/** The port where an image says nothing. */
const fallbackPort = 8080;

/** Reads the keys in the labels of an image; throws UserError with all that is wrong in them, by label. */
export function imageSettings(config: ImageConfig, named: Named): ImageSettings {
  const { image, id } = named;
  const [routing] = routingLabels(Object.keys(config.labels));
  if (routing !== undefined)
    throw new UserError(`image label ${show(routing)}: Traefik would read it as a route`, {
      code: "image-label",
      hint: 'name the domain with: LABEL mypaas.domain="app.example.com"',
    });
  const written = keyLabels(config.labels);
  const made = buildpackProcesses(config);
  const lines = [...written, ...processLines(written, made), ...defaults(written, config, named)];
  const text = lines.map(({ key, value }) => `# ${key} = ${value}`).join("\n");
  const dockerfile = `${text}\nFROM sha256:${id}\n`;
  const { spec, problems, warnings } = parseDockerfile(Buffer.from(dockerfile), image);
  const asLabels = (found: readonly Problem[]) => found.map((one) => asLabel(one, lines));
  if (spec === undefined) throw labelsError(image, asLabels(problems));
  refuseOtherName(spec, named);
  refuseVolumes(config, spec, image);
  const unused = made.warnings.map((what) => ({ text: `image label ${what}` }));
  return { spec, dockerfile, warnings: [...asLabels(warnings), ...unused] };
}

/** The service that an image is named after: the last part of its repository. Undefined where that is an id, or cannot be a name. */
export function nameOfImage(reference: string): string | undefined {
  const last = reference.split("/").at(-1) ?? "";
  const name = last
    .replace(/@.*$/, "")
    .replace(/:[^:]*$/, "")
    .toLowerCase()
    .replaceAll("_", "-");
  const isId = /^(?:sha256:)?[0-9a-f]{12,64}$/.test(last);
  return isId || "bad" in readServiceName(name) ? undefined : name;
}

interface Line {
  readonly key: string;
  readonly value: string;
}

/** Labels that mypaas writes on images that it builds itself; two of them are also the names of keys. */
const madeHere: readonly string[] = [own.instance, own.service, own.release];

/** A label with several lines sets a key as often. */
function keyLabels(labels: ImageConfig["labels"]): readonly Line[] {
  const isMadeHere = Object.hasOwn(labels, own.instance);
  return Object.entries(labels)
    .filter(([key]) => /^mypaas\./i.test(key) && !(isMadeHere && madeHere.includes(key)))
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .flatMap(([key, value]) => {
      const values = value.split(/\r?\n/).filter((line) => line.trim() !== "");
      return (values.length === 0 ? [""] : values).map((line) => ({
        key: oneLine(key),
        value: line,
      }));
    });
}

/** No name of a label may begin a line of its own. */
const oneLine = (key: string): string => key.replaceAll(/\s/g, "?");

/** What buildpacks say; a label of the same name counts before it. */
const processLines = (
  written: readonly Line[],
  { keys }: ReturnType<typeof buildpackProcesses>,
): readonly Line[] =>
  [...keys]
    .map(([key, value]) => ({ key, value }))
    .filter(({ key }) => !written.some((one) => one.key.toLowerCase() === key));

function defaults(
  written: readonly Line[],
  { exposed }: ImageConfig,
  { image, name }: Named,
): readonly Line[] {
  const has = (...keys: readonly string[]) =>
    written.some(({ key }) => keys.includes(key.toLowerCase()));
  const isWorker = written.some(
    ({ key, value }) => key.toLowerCase() === "mypaas.port" && value.trim() === "none",
  );
  const isNamed = has("mypaas.servicename", "mypaas.service");
  if (!isNamed && name === undefined)
    throw new UserError(`image ${image}: nothing says the name of its service`, {
      code: "image-label",
      hint: hint`say it: ${command(`push --image ${image} NAME`)}`,
    });
  return [
    ...(isNamed ? [] : [{ key: "mypaas.servicename", value: name ?? "" }]),
    ...(isWorker || has("mypaas.domain", "mypaas.url")
      ? []
      : [{ key: "mypaas.domain", value: "auto" }]),
    ...(exposed.length > 0 || has("mypaas.port")
      ? []
      : [{ key: "mypaas.port", value: String(fallbackPort) }]),
  ];
}

/** A problem of a line as one of its label. */
function asLabel({ line, message, hint: way }: Problem, lines: readonly Line[]): ImageProblem {
  const nameOf = (number: number) => lines[number - 1]?.key ?? "mypaas";
  const key = nameOf(line);
  const what = message
    .replace(/^mypaas\.[\w.-]+: /i, "")
    .replace(/^(unknown key) .*$/, "$1")
    .replaceAll(/,? \(line \d+\)|, line \d+(?=\))/g, "")
    .replaceAll(/\bon line (\d+)/g, (_, number) => `by label ${nameOf(Number(number))}`);
  const text = `image label ${show(key)}: ${what}`;
  return way === undefined ? { text } : { text, hint: withLabels(way) };
}

/** A hint that says LABEL where it says a comment. */
const withLabels = (text: string): string =>
  text
    .replace(/\btwo lines$/, "two labels")
    .replaceAll(/# (mypaas\.[\w.-]+) = (.+?)(?= —|;|,|$)/g, 'LABEL $1="$2"');

function labelsError(image: string, problems: readonly ImageProblem[]): UserError {
  const [first] = problems;
  if (first === undefined) throw new Error("an image without problems and without a service");
  if (problems.length === 1)
    return new UserError(first.text, { code: "image-label", hint: first.hint });
  return new UserError(`image ${image}: ${problems.length} problems`, {
    code: "image-label",
    details: problems.flatMap(({ text, hint: way }) => [
      text,
      ...(way === undefined ? [] : [`  hint: ${way}`]),
    ]),
  });
}

function refuseOtherName({ service }: ServiceSpec, { image, name = "", isGiven }: Named): void {
  if (!isGiven || service === name) return;
  throw new UserError(
    `image label mypaas.servicename: is "${service}", the command says "${show(name)}"`,
    { code: "wrong-service", hint: hint`leave the name out: ${command(`push --image ${image}`)}` },
  );
}

function refuseVolumes({ volumes }: ImageConfig, spec: ServiceSpec, image: string): void {
  const lines = volumeLines(uncoveredPaths(volumes, coversOf(spec.volumes)), spec.volumes);
  const [first] = lines;
  if (first === undefined) return;
  throw new UserError(
    `image ${image}: it declares VOLUME ${lines.map(({ path }) => path).join(" and ")}, and no mypaas.volume covers ${lines.length === 1 ? "it" : "them"}, so data would be lost`,
    {
      code: "unnamed-volume",
      hint:
        lines.length === 1
          ? withLabels(waysOut(first))
          : "build it with one line of this label for each path",
      details:
        lines.length === 1 ? [] : lines.map((one) => `${one.path}: ${withLabels(waysOut(one))}`),
    },
  );
}
