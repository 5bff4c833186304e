import { parseDockerfile } from "../dockerfile/parse.ts";
import { formatProblem } from "../dockerfile/problems.ts";
import { readServiceName } from "../dockerfile/service-names.ts";
import type { Procfile } from "./procfile.ts";
import { Question } from "./question.ts";

/** The lines of a made Dockerfile that describe its service. */
export interface Settings {
  readonly service: string;
  readonly port: number;
  readonly lines: readonly string[];
}

/** The port of programs whose Dockerfile is made. */
const defaultPort = 8080;

/** Takes the keys of the Procfile, and for the others the name of the folder, the server's own domain and port 8080; throws Question for a wrong line. */
export function readSettings({ keys, comments }: Procfile, folder: string): Settings {
  const has = (...names: readonly string[]) => keys.some(({ name }) => names.includes(name));
  const added: string[] = [];
  if (!has("servicename")) added.push(`# mypaas.servicename = ${serviceName(folder)}`);
  // A port of `none` is that of a program without visitors.
  const isHidden = keys.some(({ line }) => /\.port\s*=\s*["']?none/i.test(line));
  if (!has("domain", "url") && !isHidden) added.push("# mypaas.domain = auto");
  if (!has("port")) added.push(`# mypaas.port = ${defaultPort}`);
  const text = `${comments}\n${added.join("\n")}\nFROM scratch\n`;
  const { spec, problems } = parseDockerfile(new TextEncoder().encode(text), "Procfile");
  const [problem] = problems;
  if (spec === undefined || problem !== undefined)
    throw new Question(
      problem === undefined ? "Procfile: cannot be read" : formatProblem(problem),
      problem?.hint ?? "correct the line",
    );
  const port = typeof spec.port === "number" ? spec.port : defaultPort;
  return { service: spec.service, port, lines: [...added, ...keys.map(({ line }) => line)] };
}

/** The name of a folder as a service may have it. */
function serviceName(folder: string): string {
  const plain = folder
    .normalize("NFKD")
    .toLowerCase()
    .replaceAll(/[^a-z0-9.-]+/g, "-")
    .replaceAll(/-{2,}/g, "-")
    .slice(0, 50)
    .replaceAll(/^[.-]+|[.-]+$/g, "");
  const read = readServiceName(plain);
  if (!("bad" in read)) return read.value;
  throw new Question(
    `the service has no name: the folder's, ${JSON.stringify(folder.slice(0, 60))}, cannot be one`,
    "write a line into a file Procfile, such as: # mypaas.servicename = web",
  );
}
