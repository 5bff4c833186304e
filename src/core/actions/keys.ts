import { action, answer } from "./definition.ts";
import { text } from "./fields.ts";

const common = { scope: "server", right: "key", repeat: "once" } as const;

/** Keys that may sign requests. */
export const keys = {
  "key.list": action({
    ...common,
    fields: {},
    becomes: answer<{ readonly keys: readonly KeyInfo[] }>(),
    repeat: "safe",
  }),
  "key.add": action({
    ...common,
    fields: { line: text(/^[^\n\r]{1,20000}$/) },
    becomes: answer<{ readonly key: KeyInfo }>(),
  }),
  "key.remove": action({
    ...common,
    fields: { fingerprint: text(/^[^\n\r]{1,200}$/) },
    becomes: answer<{ readonly key: KeyInfo }>(),
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
