import { action, answer } from "./definition.ts";
import { text } from "./fields.ts";

/** Keys that may sign requests. */
export const keys = {
  "key.list": action({
    scope: "server",
    fields: {},
    right: "key",
    becomes: answer<{ readonly keys: readonly KeyInfo[] }>(),
    repeat: "safe",
  }),
  "key.add": action({
    scope: "server",
    fields: { line: text(/^[^\n\r]{1,20000}$/) },
    right: "key",
    becomes: answer<{ readonly key: KeyInfo }>(),
    repeat: "once",
  }),
  "key.remove": action({
    scope: "server",
    fields: { fingerprint: text(/^[^\n\r]{1,200}$/) },
    right: "key",
    becomes: answer<{ readonly key: KeyInfo }>(),
    repeat: "once",
  }),
} as const;

export interface KeyInfo {
  /** `SHA256:…` as ssh-keygen prints it. */
  readonly fingerprint: string;
  readonly type: string;
  readonly name: string;
  /** The options as written, empty when there are none. */
  readonly options: string;
  readonly expired: boolean;
  /** Milliseconds since the epoch, to the minute, of the last request that was accepted with it. */
  readonly lastUsed?: number;
}
