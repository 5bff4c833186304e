import { formatBytes, formatDuration, formatFiles, formatRequests } from "../format.ts";
import { onServer } from "../hints.ts";
import type { Event, FailedEvent, UploadEvent } from "./events.ts";

/** Colour marks only state. */
export type Theme = Readonly<
  Record<"failed" | "live" | "warning" | "dim", (text: string) => string>
>;

const same = (text: string): string => text;

/** No colour at all. */
export const plainTheme: Theme = { failed: same, live: same, warning: same, dim: same };

/** One event as the lines a person reads; a forgotten kind is a compile error. */
type Renderers = {
  readonly [K in Event["kind"]]: (event: Extract<Event, { kind: K }>, theme: Theme) => string;
};

const renderers: Renderers = {
  step: (event) => event.text,
  note: (event, theme) => theme.dim(event.text),
  warning: (event, theme) =>
    lines(theme.warning(`warning: ${event.text}`), event.hint && `hint: ${event.hint}`),
  upload: (event) => renderUpload(event),
  queued: (event) =>
    event.behind === 0
      ? `job ${event.job}`
      : `job ${event.job}: waiting for ${event.behind === 1 ? "the job" : `${event.behind} jobs`} before it`,
  attached: (event) => `job ${event.job} is already running, following it`,
  build: (event, theme) => theme.dim(`  ${event.text}`),
  output: (event) => `  ${event.text}`,
  ready: (event) =>
    `${event.process === undefined ? "" : `${event.process} `}replica ${event.replica} ready after ${formatDuration(event.ms)}`,
  live: (event, theme) =>
    lines(
      theme.live(
        `${event.service} release ${event.release} is live after ${formatDuration(event.ms)}`,
      ),
      ...event.urls.map((url) =>
        event.unproven?.includes(url) === true
          ? theme.warning(`port open at ${url}`)
          : theme.live(`live at ${url}`),
      ),
    ),
  receipt: ({ ms, requests, failed }) => {
    const counts =
      requests === undefined || failed === undefined
        ? ", requests not counted"
        : `: ${formatRequests(requests)}, ${failed} failed`;
    return `switched in ${formatDuration(ms)}${counts}`;
  },
  unchanged: (event, theme) =>
    theme.live(`nothing changed: ${event.service} runs release ${event.release} with exactly this`),
  stopped: ({ service, release }) =>
    `${service} is stopped; release ${release} comes back with: ${onServer(`start ${service}`)}`,
  removed: ({ service, kept }) =>
    lines(`${service} is removed`, ...kept.map((volume) => `volume ${volume} stays`)),
  finished: (event, theme) => theme.live(event.text),
  failed: (event, theme) => renderFailure(event, theme),
  superseded: (event, theme) =>
    theme.failed(`job ${event.job}: superseded by job ${event.by}, which has newer content`),
};

/** The text of any event, without a line end. */
export function renderEvent<E extends Event>(event: E, theme: Theme): string {
  const render = renderers[event.kind] as (event: E, theme: Theme) => string;
  return render(event, theme);
}

/** More lines than an error has as evidence, with some of other steps between them. */
const maxEvidence = 60;

/** Passes the events of one job on; an error comes without its evidence, where that has just been printed. */
export function withoutRepeats(): (event: Event) => Event {
  let output: readonly string[] = [];
  return (event) => {
    if (event.kind === "build" || event.kind === "output")
      output = [...output.slice(1 - maxEvidence), event.text];
    const isSaid = event.kind === "failed" && event.details.every((line) => output.includes(line));
    return isSaid ? { ...event, details: [] } : event;
  };
}

/** An error as it ends a command: message, reasons or evidence, what still runs, way out. */
function renderFailure(event: FailedEvent, theme: Theme): string {
  return lines(
    theme.failed(`error: ${event.message}`),
    ...event.details.map((detail) => theme.dim(`  ${detail}`)),
    event.still,
    event.hint && `hint: ${event.hint}`,
  );
}

function renderUpload(event: UploadEvent): string {
  const percent = event.totalBytes === 0 ? 100 : Math.floor((100 * event.bytes) / event.totalBytes);
  const bytes = `${formatBytes(event.bytes)} of ${formatBytes(event.totalBytes)}`;
  const rate = event.rate > 0 ? `, ${formatBytes(event.rate)}/s` : "";
  const some = event.files < event.totalFiles && event.totalFiles > 1 ? `${event.files} of ` : "";
  const files = `${some}${formatFiles(event.totalFiles)}`;
  return `uploading ${files}: ${bytes} (${percent} %${rate})`;
}

const lines = (...parts: readonly (string | undefined)[]): string =>
  parts.filter((part) => part !== undefined && part !== "").join("\n");
