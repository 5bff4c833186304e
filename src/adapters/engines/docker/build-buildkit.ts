import { decodeStatus, type Vertex, type VertexStatus } from "./buildkit-status.ts";
import { cleanLine, keepTail, lineSplitter, seconds, type BuildLog } from "./build-log.ts";

/** Pull progress is said this often, in the engine's own time. */
const pullIntervalMs = 2000;

interface Step {
  readonly name: string;
  readonly output: ReturnType<typeof lineSplitter>;
  readonly tail: string[];
  readonly layers: Map<string, VertexStatus>;
  announced: boolean;
  ended: boolean;
  pullSaidAt: number;
}

/** Tells a BuildKit build: each step once when it starts, its output, `CACHED`, how long it took. */
export function buildkitLog(onLine: (text: string) => void): BuildLog {
  const steps = new Map<string, Step>();
  let failed: Step | undefined;
  let last: Step | undefined;
  let speaking: Step | undefined;

  const stepOf = (vertex: Vertex): Step => {
    const known = steps.get(vertex.digest);
    if (known !== undefined) return known;
    const tail: string[] = [];
    const step: Step = {
      name: cleanLine(vertex.name.replace(/\s+/g, " ").replace(metadata, lookingUp)),
      output: lineSplitter((line) => {
        if (speaking !== step) onLine(`${prefixOf(step.name)} …`.trimStart());
        speaking = step;
        keepTail(tail, line);
        onLine(line);
      }),
      tail,
      layers: new Map(),
      announced: false,
      ended: false,
      pullSaidAt: 0,
    };
    steps.set(vertex.digest, step);
    return step;
  };

  const begin = (vertex: Vertex): void => {
    const step = stepOf(vertex);
    if (vertex.started === undefined || step.announced) return;
    step.announced = true;
    if (isPlumbing(step.name)) return;
    onLine(vertex.cached ? `${step.name} CACHED` : step.name);
    speaking = step;
    if (isInstruction(step.name)) last = step;
  };

  const end = (vertex: Vertex): void => {
    const step = stepOf(vertex);
    if (vertex.error !== "" && !/context canceled/.test(vertex.error)) failed ??= step;
    if (vertex.completed === undefined || step.ended) return;
    step.ended = true;
    step.output.flush();
    const ms = vertex.completed - (vertex.started ?? vertex.completed);
    if (vertex.cached || vertex.error !== "" || ms < 100 || isPlumbing(step.name)) return;
    onLine(`${prefixOf(step.name)} done after ${seconds(ms)}`.trimStart());
  };

  const pull = (status: VertexStatus): void => {
    const step = steps.get(status.vertex);
    if (step === undefined || status.total === 0) return;
    step.layers.set(status.id, status);
    if (status.at - step.pullSaidAt < pullIntervalMs) return;
    if (step.pullSaidAt > 0) onLine(pullLine(step));
    step.pullSaidAt = status.at;
  };

  return {
    take(message) {
      if (message["id"] !== "moby.buildkit.trace" || typeof message["aux"] !== "string") return;
      const status = decodeStatus(message["aux"]);
      status.vertexes.forEach(begin);
      for (const log of status.logs) steps.get(log.vertex)?.output.write(log.bytes);
      status.statuses.forEach(pull);
      status.vertexes.forEach(end);
      for (const warning of status.warnings) onLine(`warning: ${cleanLine(warning)}`);
    },
    step: () => {
      const name = (failed ?? last)?.name ?? "";
      if (name.startsWith(lookingUp)) return `FROM ${name.slice(lookingUp.length)}`;
      if (/^(?:https?:\/\/|git:\/\/|git@)/.test(name)) return `ADD ${name}`;
      return isInstruction(name) ? name.replace(prefix, "") : undefined;
    },
    tail: () => (failed ?? last)?.tail ?? [],
  };
}

const prefix = /^\[(?:[^\]\s]+ )?\d+\/\d+\] /;

const lookingUp = "looking up ";
const metadata = /^\[internal\] load metadata for (?:docker\.io\/(?:library\/)?)?/;

function isInstruction(name: string): boolean {
  return prefix.test(name);
}

function prefixOf(name: string): string {
  return prefix.exec(name)?.[0].trimEnd() ?? name;
}

/** Steps of the builder's own that say nothing to a person, unlike asking a registry or exporting. */
function isPlumbing(name: string): boolean {
  return name === "copy /context /" || name.startsWith("[internal]");
}

function pullLine(step: Step): string {
  const layers = [...step.layers.values()];
  const sum = (pick: (layer: VertexStatus) => number): string =>
    (layers.reduce((total, layer) => total + pick(layer), 0) / 1e6).toFixed(1);
  return `${prefixOf(step.name)} ${sum((layer) => layer.current)} of ${sum((layer) => layer.total)} MB`;
}
