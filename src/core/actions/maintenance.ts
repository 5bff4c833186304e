import { action, answer } from "./definition.ts";
import { flag, optional, text } from "./fields.ts";

/** The text of the page: one line, without control characters. */
const pageText = text(
  /^[^\p{Cc}\u2028\u2029]{0,500}$/u,
  "text: should be one line of at most 500 characters",
);

const common = {
  scope: "service",
  right: "manage",
  byGrant: "change",
  repeat: "safe",
  knownNames: "unchanged",
} as const;

/** A page instead of a service that keeps running. */
export const maintenance = {
  "maintenance.show": action({
    ...common,
    byGrant: "read",
    fields: {},
    becomes: answer<MaintenanceInfo>(),
  }),
  /** Without `on` it ends. Without `text` the page keeps its own, or has none. */
  "maintenance.set": action({
    ...common,
    fields: { on: flag, text: optional(pageText) },
    becomes: answer<MaintenanceInfo>(),
  }),
} as const;

export interface MaintenanceInfo {
  readonly service: string;
  readonly on: boolean;
  /** Milliseconds since the epoch. */
  readonly since?: number;
  readonly text?: string;
  /** Set where visitors get 503 without a page. */
  readonly trouble?: string;
}
