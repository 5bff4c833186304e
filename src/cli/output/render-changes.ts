import type { Change, NameChange } from "../../core/release/change.ts";
import type { Pause } from "../../core/release/switch-way.ts";
import { formatDuration } from "../../core/format.ts";
import type { Results } from "../../core/actions/actions.ts";

/** What a push would change, as lines. */
export function describePlan(planned: Results["plan"]): string {
  const { service, live, unchanged, changes, pause, lastMs, image, unknown } = planned;
  const own = planned.scaledByCommand;
  const scaled =
    own === undefined
      ? []
      : [`scale stays ${own.replicas} by mypaas scale, the Dockerfile says ${own.written}`];
  if (unchanged)
    return [
      `nothing would change: ${service} runs release ${live} with exactly this`,
      ...scaled,
    ].join("\n");
  const now = live === undefined ? "nothing runs yet" : `release ${live} runs now`;
  return [
    `${service}: ${now}`,
    ...(changes.length === 0 ? ["the same release, in new containers"] : changes.map(renderChange)),
    ...(image === "kept" ? [] : [`the image is ${image}`]),
    ...scaled,
    ...unknown.map((key) => `known only after the build: ${key}`),
    renderPause(pause, lastMs),
  ].join("\n");
}

type Lines = {
  readonly [K in Change["kind"]]: (change: Extract<Change, { kind: K }>) => string;
};

const marks = { added: "+", removed: "-", changed: "~" } as const;

const renderers: Lines = {
  image: ({ from, to }) => sides("image", from, to),
  route: (change) =>
    change.how === "changed"
      ? sides("route", change.from, change.route)
      : `${marks[change.how]} route ${change.route}`,
  certificate: ({ host }) => `+ certificate for ${host}`,
  env: (change) => renderName("env", change),
  "build-arg": (change) => renderName("build-arg", change),
  volume: ({ how, value }) => `${marks[how]} volume ${value}`,
  publish: ({ how, value }) => `${marks[how]} publish ${value}`,
  setting: ({ key, from, to }) => sides(key, from, to),
};

/** One change as a line: `+ route http://a.example`, `- env TOKEN`, `~ scale 1 → 2`. */
export function renderChange<C extends Change>(change: C): string {
  const render = renderers[change.kind] as (change: C) => string;
  return render(change);
}

const renderName = (word: string, { how, name }: NameChange<"env" | "build-arg">): string =>
  `${marks[how]} ${word} ${name}`;

function sides(what: string, from: string | undefined, to: string | undefined): string {
  if (from === undefined) return `+ ${what} ${to}`;
  return to === undefined ? `- ${what} ${from}` : `~ ${what} ${from} → ${to}`;
}

/** What clients would notice; `lastMs` is how long the switch before took, where it is known. */
export function renderPause(pause: Pause, lastMs?: number): string {
  if (pause.kind === "none") return "pause: none";
  const about = lastMs ?? pause.drainMs;
  const time = about > 0 ? `about ${formatDuration(Math.ceil(about / 1000) * 1000)}` : "a moment";
  return pause.kind === "wait"
    ? `pause: requests wait ${time} because ${pause.because}`
    : `pause: nothing runs for ${time} because ${pause.because}`;
}
