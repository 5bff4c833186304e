import { isRegistryHost } from "../server/registry.ts";
import { action, answer } from "./definition.ts";
import { bad, secret, shown, type Reader } from "./fields.ts";

/** A registry as it stands in FROM, such as `ghcr.io`. */
const host: Reader<string> = (value) => {
  if (typeof value === "string" && isRegistryHost(value)) return value;
  throw bad(`host: not a registry: ${shown(value, 60)}`);
};

// No message shows a value: the password may stand in the place of the name.
const username: Reader<string> = (value) => {
  if (typeof value === "string" && /^[^\p{Cc}:]{1,255}$/u.test(value)) return value;
  throw bad("username: not valid");
};

const password: Reader<string> = (value) => {
  if (typeof value === "string" && /^[^\0\r\n]{1,65536}$/.test(value)) return value;
  throw bad("password: should be one line of text");
};

const managed = { scope: "server", right: "manage", repeat: "once" } as const;

/** Logins to registries. */
export const registries = {
  "registry.login": action({
    ...managed,
    fields: { host, username, password: secret(password) },
    becomes: answer<{ readonly registry: RegistryInfo }>(),
  }),
  "registry.logout": action({
    ...managed,
    fields: { host },
    becomes: answer<{ readonly registry: RegistryInfo }>(),
  }),
  "registry.list": action({
    ...managed,
    fields: {},
    becomes: answer<{ readonly registries: readonly RegistryInfo[] }>(),
    repeat: "safe",
  }),
} as const;

/** A login that is kept; its password never leaves the server again. */
export interface RegistryInfo {
  readonly host: string;
  readonly username: string;
  /** Milliseconds since the epoch. */
  readonly since: number;
}
