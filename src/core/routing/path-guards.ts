import type { DynamicDraft } from "./dynamic-draft.ts";
import { unevenRule } from "./routes.ts";
import type { RoutingState } from "./routing-state.ts";
import { knownReleases } from "./takeovers.ts";
import type { EntryPoint } from "./traefik-config.ts";
import { answerWith, emptyService } from "./waiting.ts";

/** Above the receiver. */
const dotsPriority = 2_000_000_000_000;
/** Below the receiver, above every hold. */
const unevenPriority = 900_000_000_000;

/** A path segment `.` or `..`, also where Traefik has decoded it. */
const dotsRule = "PathRegexp(`/\\.\\.?(/|$)`)";

/** Answers 400 where a service could read a path as that of another route: Traefik does not clean paths here. */
export function addPathGuards(file: DynamicDraft, state: RoutingState): void {
  file.add({ middlewares: { "bad-path": answerWith(400) } });
  const refuse = (name: string, rule: string, priority: number): void => {
    for (const entryPoint of ["web", "websecure"] as const satisfies readonly EntryPoint[])
      file.route(`${name}-${entryPoint}`, {
        entryPoints: [entryPoint],
        rule,
        priority,
        service: emptyService,
        middlewares: ["bad-path"],
        ...(entryPoint === "websecure" && { tls: {} }),
      });
  };
  refuse("dots", dotsRule, dotsPriority);
  const rules = [...knownReleases(state), ...(state.stopped ?? [])]
    .flatMap(({ spec }) => spec.routes)
    .flatMap((route) => unevenRule(route) ?? []);
  for (const [index, rule] of [...new Set(rules)].toSorted().entries())
    refuse(`slashes-${index + 1}`, rule, unevenPriority);
}
