import type { ServiceMetrics } from "../actions/usage.ts";
import { bucketsMs, codeClasses } from "./point.ts";

type Counted = Pick<ServiceMetrics, "service" | "totals">;

type Totals = ServiceMetrics["totals"];

/** Of a text in its format. */
export const prometheusType = "text/plain; version=0.0.4; charset=utf-8";

/** Writes the text format of Prometheus, version 0.0.4; names and units follow its conventions. `services` is what the action `metrics` answers. */
export function prometheusText(services: readonly Counted[]): string {
  const lines = (rows: (totals: Totals, labels: string) => readonly string[]) =>
    services.flatMap((one) => rows(one.totals, `service="${escaped(one.service)}"`));
  return [
    ...head("mypaas_requests_total", "counter", "Answers to clients, by class of their status."),
    ...lines(({ sent }, labels) =>
      codeClasses.map((code) => `mypaas_requests_total{${labels},code="${code}"} ${sent[code]}`),
    ),
    ...head("mypaas_request_duration_seconds", "histogram", "Time to the end of an answer."),
    ...lines(({ buckets }, labels) => durations(buckets, labels)),
    ...head("mypaas_cpu_seconds_total", "counter", "Time of one core that replicas used."),
    ...lines(({ cpu }, labels) => [`mypaas_cpu_seconds_total{${labels}} ${round(cpu)}`]),
    ...head("mypaas_memory_bytes", "gauge", "Memory of all replicas, without file caches."),
    ...lines(({ memory }, labels) => [`mypaas_memory_bytes{${labels}} ${memory}`]),
    ...head("mypaas_replicas", "gauge", "Replicas that run."),
    ...lines(({ replicas }, labels) => [`mypaas_replicas{${labels}} ${replicas}`]),
    "",
  ].join("\n");
}

const head = (name: string, type: string, help: string): readonly string[] => [
  `# HELP ${name} ${help}`,
  `# TYPE ${name} ${type}`,
];

/** Each class with those below it. The sum is left out: mypaas knows classes, not times. */
function durations(buckets: readonly number[], labels: string): readonly string[] {
  const name = "mypaas_request_duration_seconds";
  const ends = [...bucketsMs.map((ms) => String(ms / 1000)), "+Inf"];
  let sum = 0;
  const rows = ends.map((end, at) => {
    sum += buckets[at] ?? 0;
    return `${name}_bucket{${labels},le="${end}"} ${sum}`;
  });
  return [...rows, `${name}_count{${labels}} ${sum}`];
}

const round = (seconds: number): number => Math.round(seconds * 1000) / 1000;

const escaped = (value: string): string =>
  value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
