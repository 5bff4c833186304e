import { action, answer } from "./definition.ts";
import { bad, secret, text, type Reader } from "./fields.ts";

const user = text(/^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$/, "not a name of a user");

/** Of bcrypt with cost 5, which costs Traefik 3 ms a request; another cost would let one key use up the processor. The message shows nothing of it. */
const hash: Reader<string> = (value) => {
  if (typeof value === "string" && /^\$2[aby]\$05\$[./A-Za-z0-9]{53}$/.test(value)) return value;
  throw bad("hash: should be bcrypt with cost 5");
};

const common = {
  scope: "service",
  right: "env",
  byGrant: "change",
  repeat: "once",
  knownNames: "unchanged",
} as const;

/** Passwords of the users that a service lets pass. */
export const auth = {
  "auth.list": action({
    ...common,
    byGrant: "read",
    fields: {},
    becomes: answer<{ readonly service: string; readonly users: readonly UserInfo[] }>(),
    repeat: "safe",
  }),
  /** The password itself never leaves the client. */
  "auth.set": action({
    ...common,
    fields: { user, hash: secret(hash) },
    becomes: answer<UserChange>(),
  }),
  "auth.remove": action({ ...common, fields: { user }, becomes: answer<UserChange>() }),
} as const;

export interface UserInfo {
  readonly user: string;
  /** Milliseconds since the epoch: when the password was set; left out for a user of the live release without one. */
  readonly since?: number;
  /** True when the live release lets this user pass. */
  readonly inUse: boolean;
}

/** A password that was set or removed. */
export interface UserChange {
  readonly service: string;
  readonly user: string;
  /** True when the live release names this user, so that the change counts at once. */
  readonly inUse: boolean;
}
