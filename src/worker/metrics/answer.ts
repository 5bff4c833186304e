import type { ActionOf } from "../../core/actions/actions.ts";
import type { MetricsAnswer } from "../../core/actions/usage.ts";
import { command } from "../../core/hints.ts";
import { bucketsMs, regroup, spanOf, type Point } from "../../core/metrics/point.ts";
import { maySee, type Caller } from "../../core/wire/permissions.ts";
import { keptSpans, type ServicePoint } from "../../adapters/metrics-store.ts";
import { serviceNames } from "../../adapters/state/services.ts";
import type { State } from "../../adapters/state/state.ts";
import { refuseUnknownService } from "../accept/known-service.ts";
import { sampleMs, type Sampler } from "./sampler.ts";

interface AnswerParts {
  readonly state: State;
  readonly now: () => number;
  readonly sampler: Pick<Sampler, "read" | "totals" | "fineSince">;
}

const hourMs = 60 * 60_000;
const [minutes, quarters] = keptSpans;
const longestMs = quarters.stepMs * quarters.kept;
/** A megabyte of JSON at most. */
const mostPoints = 6000;

/** What the services did that the caller may see. */
export function metricsAnswer(
  { state, now, sampler }: AnswerParts,
  { service, from, sinceMs = hourMs, step }: Omit<ActionOf<"metrics">, "action">,
  caller: Caller,
): MetricsAnswer {
  if (service !== undefined) refuseUnknownService(state, service, command("ps"));
  const services = serviceNames(state).filter(
    (name) => (service ?? name) === name && maySee(caller, name),
  );
  const to = now();
  const since = Math.max(to - longestMs, Math.min(from ?? to - sinceMs, to));
  const { baseMs, stepMs } = chooseStep({
    lengthMs: to - since,
    fineMs: to - sampler.fineSince() + sampleMs,
    services: services.length,
    wantedMs: (step ?? 0) * 1000,
  });
  const first = spanOf(since, stepMs);
  const points = sampler.read({ services, stepMs: baseMs, from: first, to: to + 1 });
  const byName = Map.groupBy(points, (point) => point.service);
  return {
    step: stepMs / 1000,
    from: first,
    to: spanOf(to, stepMs),
    now: to,
    bucketsMs,
    services: services.map((name) => ({
      service: name,
      points: regroup((byName.get(name) ?? []).map(pointOf), stepMs),
      totals: sampler.totals(name),
    })),
  };
}

const pointOf = ({ at, sent, buckets, cpu, memory }: ServicePoint): Point => ({
  at,
  sent,
  buckets,
  cpu,
  memory,
});

/** The spans that are kept for so long, and how many of them make one of the answer. */
export function chooseStep({
  lengthMs,
  fineMs,
  services,
  wantedMs,
}: {
  readonly lengthMs: number;
  /** For how long there are samples. */
  readonly fineMs: number;
  readonly services: number;
  readonly wantedMs: number;
}): { readonly baseMs: number; readonly stepMs: number } {
  const fitting = (lengthMs * Math.max(1, services)) / mostPoints;
  const least = Math.max(wantedMs, fitting);
  const kept = [
    { stepMs: sampleMs, forMs: fineMs },
    { stepMs: minutes.stepMs, forMs: minutes.stepMs * minutes.kept },
  ];
  // Coarser spans do where they are asked for.
  const found = kept.find(({ forMs }) => lengthMs <= forMs)?.stepMs ?? quarters.stepMs;
  const baseMs = Math.max(found, ...keptSpans.map(({ stepMs }) => (least >= stepMs ? stepMs : 0)));
  return { baseMs, stepMs: Math.max(1, Math.ceil(least / baseMs)) * baseMs };
}
