import type { DynamicDraft } from "./dynamic-draft.ts";
import type { RoutePlan } from "./release-routing.ts";
import { bodyLimitPriority } from "./routes.ts";
import { answerWith, emptyService } from "./waiting.ts";

/** The rules of requests that a limit refuses, and the status that they get (RFC 9110, 15.5.12 and 15.5.14). */
const refusals = [
  {
    suffix: "large",
    status: 413,
    rule: (limit: number) => `HeaderRegexp(\`Content-Length\`, \`${numbersAbove(limit)}\`)`,
  },
  {
    // Go takes `Transfer-Encoding` out of the headers, so no rule sees it.
    suffix: "endless",
    status: 411,
    rule: () =>
      "(Method(`POST`) || Method(`PUT`) || Method(`PATCH`)) && !HeaderRegexp(`Content-Length`, `.`)",
  },
] as const;

/** A place, what answers there carry beside, and its limit in bytes. */
export interface BodyLimit {
  readonly plan: RoutePlan;
  readonly middlewares: readonly string[];
  readonly limit: number;
}

/** Refuses bodies above a limit by their length, before they are sent: Traefik's `buffering` would keep whole bodies, and answers too. */
export function limitBody(file: DynamicDraft, { plan, middlewares, limit }: BodyLimit): void {
  for (const { suffix, status, rule } of refusals) {
    const name = `body-${status}`;
    file.add({ middlewares: { [name]: answerWith(status) } });
    file.outrank(suffix, plan, {
      rule: `${plan.config.rule} && ${rule(limit)}`,
      priority: bodyLimitPriority(plan.route) + (plan.isProxied ? 1 : 0),
      target: { service: emptyService, middlewares: [...middlewares, name] },
    });
  }
}

/** A pattern (RE2) of the decimal numbers above one, with any zeros before them. */
export function numbersAbove(limit: number): string {
  const digits = String(limit);
  const longer = `[1-9][0-9]{${digits.length},}`;
  const sameLength = Array.from(digits).flatMap((digit, at) =>
    digit === "9" ? [] : [`${digits.slice(0, at)}${above(digit)}${anyDigits(digits, at)}`],
  );
  return `^0*(${[longer, ...sameLength].join("|")})$`;
}

const above = (digit: string): string => (digit === "8" ? "9" : `[${Number(digit) + 1}-9]`);

const anyDigits = (digits: string, at: number): string => {
  const rest = digits.length - at - 1;
  return rest === 0 ? "" : `[0-9]{${rest}}`;
};
