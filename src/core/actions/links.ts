import { commitForm } from "../name-forms.ts";
import { isBranch, readRepository } from "../links/repository.ts";
import { action, answer, job } from "./definition.ts";
import { bad, flag, optional, secret, shown, text, wholeNumber, type Reader } from "./fields.ts";

const url: Reader<string> = (value, name) => {
  const read = typeof value === "string" ? readRepository(value) : "is not a URL";
  if (typeof read === "string") throw bad(`${name}: ${read}: ${shown(value, 200)}`);
  return read.url;
};

const branch: Reader<string> = (value, name) => {
  if (typeof value === "string" && isBranch(value)) return value;
  throw bad(`${name}: not a branch: ${shown(value, 60)}`);
};

const token: Reader<string> = (value) => {
  if (typeof value === "string" && /^[\x21-\x7e]{1,4096}$/.test(value)) return value;
  // No message shows it.
  throw bad("token: should be one word");
};

/** The shortest and the longest time between two looks. */
export const pollLimits = { least: 60_000, most: 24 * 60 * 60_000 } as const;

const pollMs: Reader<number> = (value, name) => {
  const ms = wholeNumber(value, name);
  if (ms >= pollLimits.least && ms <= pollLimits.most) return ms;
  throw bad("poll: should be from 1 minute to 24 hours");
};

const common = { scope: "service", right: "push", knownNames: "added" } as const;

/** Deploys from repositories. A link has the rights of the key that made it, as they are when it is used. */
export const links = {
  /** Replaces an older link of the service, with a new secret. */
  "link.set": action({
    ...common,
    fields: {
      url,
      branch,
      dockerfile: text(/^(?!\/)[^\0]{1,4096}$/),
      /** True: a webhook of the forge deploys. */
      auto: flag,
      /** Milliseconds between two looks at the branch. */
      pollMs: optional(pollMs),
      /** For a private repository: a token, or `user:token`. */
      token: secret(optional(token)),
      /** For a repository over ssh: the fingerprint of its host key; left out, the first one is believed. */
      hostKey: optional(text(/^SHA256:[A-Za-z0-9+/]{43}$/)),
    },
    becomes: answer<{ readonly link: LinkInfo; readonly secret: string }>(),
    repeat: "once",
  }),
  "link.remove": action({
    ...common,
    fields: {},
    becomes: answer<{ readonly link: LinkInfo }>(),
    repeat: "once",
    knownNames: "unchanged",
  }),
  /** Of one service, or of all that the key may see. */
  "link.list": action({
    scope: "optional service",
    byGrant: "read",
    fields: {},
    right: "any key",
    becomes: answer<{ readonly links: readonly LinkInfo[] }>(),
    repeat: "safe",
    knownNames: "unchanged",
  }),
  /** Deploys the newest commit of the linked branch, or this one. */
  pull: action({
    ...common,
    byGrant: "change",
    fields: { commit: optional(text(commitForm)) },
    becomes: job(),
    repeat: "once",
  }),
} as const;

/** A link; its token and its secret never leave the server again. */
export interface LinkInfo {
  readonly service: string;
  /** Part of the address of its webhook. */
  readonly id: string;
  readonly url: string;
  readonly branch: string;
  readonly dockerfile: string;
  readonly auto: boolean;
  readonly pollMs?: number;
  readonly hasToken: boolean;
  /** Of a repository over ssh: the public part of the key that reads it, one line. */
  readonly deployKey?: string;
  /** Fingerprint of the host key that is expected; not there before the first fetch. */
  readonly hostKey?: string;
  /** What became of the last status of a commit, such as `reported`. */
  readonly status?: string;
  /** Name of the key whose rights it has. */
  readonly by: string;
  /** Milliseconds since the epoch. */
  readonly since: number;
  /** Set while it deploys nothing, with the reason. */
  readonly trouble?: string;
}
