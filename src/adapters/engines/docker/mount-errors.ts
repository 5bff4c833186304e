import { command, hint } from "../../../core/hints.ts";
import type { BuildFailure, Explanation } from "./build-errors.ts";

type Explain = (found: RegExpExecArray, failure: BuildFailure) => Explanation;

/** What is wrong with a step that mounts a secret or an SSH agent. */
export const mountErrors: readonly (readonly [RegExp, Explain])[] = [
  [
    /^secret (.+?)(?: not found)?: not found$/,
    ([, name], { service, step }) => ({
      text: `${placeOf(step)}secret ${name} is not set on the server`,
      hint: hint`set it, then push again: ${command(`env ${service} set ${name}=… --secret`)}`,
    }),
  ],
  [
    /parse error (?:on )?line (\d+): unexpected key 'env' in '(.*)'$/,
    ([, line, written], { dockerfile }) => ({
      where: `${dockerfile}:${line}`,
      text: `this server's Docker Engine is too old for ${written} in a secret mount`,
      hint: "leave it out and read the file /run/secrets/NAME in the step, or upgrade Docker Engine to 28",
    }),
  ],
  [
    /no SSH key "|unset ssh forward key/,
    (_found, { step }) => ({
      text: `${placeOf(step)}--mount=type=ssh: the server has no SSH agent for builds`,
      hint: "set a token or deploy key as a secret, and mount it: RUN --mount=type=secret,id=NAME",
    }),
  ],
  [
    /the --mount option requires BuildKit/,
    (_found, { step }) => ({
      text: `${placeOf(step)}this server's Docker builds without BuildKit, which RUN --mount needs`,
      hint: "leave out --mount, or use a Docker Engine with BuildKit, 20.10 or newer",
    }),
  ],
];

const placeOf = (step: string | undefined): string =>
  step === undefined ? "" : `step "${step.length > 200 ? `${step.slice(0, 200)}…` : step}": `;
