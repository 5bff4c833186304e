import type { Check } from "../health/check.ts";
import { action, answer } from "./definition.ts";
import { optional, text } from "./fields.ts";

/** What the server says about itself. */
export const server = {
  "server.info": action({
    scope: "server",
    fields: {},
    right: "any key",
    becomes: answer<{
      readonly version: string;
      readonly instance: string;
      readonly domain?: string;
      /** True where certificates for wildcard domains can be had. */
      readonly wildcards?: boolean;
      /** Wildcards in certificates that were added by hand. */
      readonly own?: readonly string[];
    }>(),
    repeat: "safe",
  }),
  /** `host`: the name that the client connects to, so that the server's own address is known behind a NAT too. */
  doctor: action({
    scope: "server",
    fields: { host: optional(text(/^[A-Za-z0-9.:_-]{1,255}$/)) },
    right: "manage",
    becomes: answer<ServerHealth>(),
    repeat: "safe",
  }),
} as const;

/** What the server found about itself, and what a client needs to look at it from outside. */
export interface ServerHealth {
  readonly version: string;
  /** The server's clock, milliseconds since the epoch. */
  readonly now: number;
  readonly httpPort: number;
  readonly httpsPort: number;
  readonly checks: readonly Check[];
}
