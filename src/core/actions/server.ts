import type { Check } from "../health/check.ts";
import type { BuilderFacts } from "../dockerfile/syntax.ts";
import type { ServerNames } from "../release/server-refusals.ts";
import { action, answer } from "./definition.ts";
import { optional, text } from "./fields.ts";

/** What the server says about itself. */
export const server = {
  "server.info": action({
    scope: "server",
    byGrant: "read",
    fields: {},
    right: "any key",
    becomes: answer<ServerInfo>(),
    repeat: "safe",
  }),
  /** `host`: the name that the client connects to, so that the server's own address is known behind a NAT too. */
  doctor: action({
    scope: "server",
    byGrant: "read",
    fields: { host: optional(text(/^[A-Za-z0-9.:_-]{1,255}$/)) },
    right: "manage",
    becomes: answer<ServerHealth>(),
    repeat: "safe",
  }),
} as const;

export interface ServerInfo extends ServerNames {
  readonly version: string;
  readonly instance: string;
  /** Left out while Docker does not answer, and by the first servers. */
  readonly builder?: BuilderFacts;
}

/** What the server found about itself, and what a client needs to look at it from outside. */
export interface ServerHealth {
  readonly version: string;
  /** The server's clock, milliseconds since the epoch. */
  readonly now: number;
  readonly httpPort: number;
  readonly httpsPort: number;
  readonly checks: readonly Check[];
}
