import { createHmac, timingSafeEqual } from "node:crypto";
import { asFields, jsonFields } from "../actions/fields.ts";
import { isCommit } from "./repository.ts";

/** The headers of a webhook that are looked at; the receiver passes no other on. */
export const hookHeaders = [
  "x-hub-signature-256",
  "x-hub-signature",
  "x-gitea-signature",
  "x-forgejo-signature",
  "x-gitlab-token",
  "webhook-id",
  "webhook-timestamp",
  "webhook-signature",
  "x-github-event",
  "x-gitea-event",
  "x-forgejo-event",
  "x-gitlab-event",
  "x-event-key",
] as const;

export type HookHeaders = { readonly [N in (typeof hookHeaders)[number]]?: string };

/** What a forge has sent. */
export interface Hook {
  readonly headers: HookHeaders;
  readonly body: Uint8Array;
}

/** How far the time of a signature with one may be away. */
const toleranceSeconds = 300;

/** True where the sender knows the secret. The strongest proof that is there decides: a wrong one never falls through to a weaker one. */
export function isFromForge({ headers, body }: Hook, secret: string, now: number): boolean {
  const hmac = () => createHmac("sha256", secret).update(body).digest("hex");
  // GitHub, Gitea and Forgejo; Bitbucket under the older name.
  const hub = headers["x-hub-signature-256"] ?? headers["x-hub-signature"];
  if (hub !== undefined) return isSame(hub, `sha256=${hmac()}`);
  const gitea = headers["x-gitea-signature"] ?? headers["x-forgejo-signature"];
  if (gitea !== undefined) return isSame(gitea, hmac());
  const signed = headers["webhook-signature"];
  // GitLab's signing token, which is that of Standard Webhooks.
  if (signed !== undefined) {
    const { "webhook-id": id = "", "webhook-timestamp": at = "" } = headers;
    if (!/^\d{1,12}$/.test(at) || Math.abs(now / 1000 - Number(at)) > toleranceSeconds)
      return false;
    const key = secret.startsWith("whsec_") ? Buffer.from(secret.slice(6), "base64") : secret;
    const wanted = createHmac("sha256", key).update(`${id}.${at}.`).update(body).digest("base64");
    return signed.split(" ").some((one) => isSame(one, `v1,${wanted}`));
  }
  const token = headers["x-gitlab-token"];
  return token !== undefined && isSame(token, secret);
}

function isSame(given: string, wanted: string): boolean {
  const [one, other] = [Buffer.from(given), Buffer.from(wanted)];
  return one.length === other.length && timingSafeEqual(one, other);
}

/** What follows from a webhook: the commit that a push has put on the branch, or why nothing does. */
export type Pushed = { readonly commit: string } | { readonly ignored: string };

/** Reads a webhook whose sender is known. Which repository and branch are meant says the link, never the body. */
export function pushedBy({ headers, body }: Hook, branch: string): Pushed {
  const event =
    headers["x-github-event"] ??
    headers["x-gitea-event"] ??
    headers["x-forgejo-event"] ??
    headers["x-gitlab-event"] ??
    headers["x-event-key"];
  if (event === undefined) return { ignored: "it names no event" };
  if (!["push", "Push Hook", "repo:push"].includes(event)) return { ignored: "not a push" };
  const fields = jsonFields(textOf(body));
  const { ref, after } =
    event === "repo:push"
      ? ofBitbucket(fields)
      : { ref: fields?.["ref"], after: fields?.["after"] };
  if (typeof ref !== "string" || !ref.startsWith("refs/heads/")) return { ignored: "not a branch" };
  if (ref !== `refs/heads/${branch}`) return { ignored: `not branch ${branch}` };
  if (typeof after !== "string" || /^0*$/.test(after)) return { ignored: "the branch is gone" };
  return isCommit(after) ? { commit: after } : { ignored: "names no commit" };
}

/** Form-encoded bodies have the same JSON in their field `payload`. */
function textOf(body: Uint8Array): string {
  const text = Buffer.from(body).toString("utf8");
  return text.startsWith("payload=") ? (new URLSearchParams(text).get("payload") ?? "") : text;
}

/** Bitbucket lists changes, the newest last. */
function ofBitbucket(fields: ReturnType<typeof jsonFields>): { ref?: unknown; after?: unknown } {
  try {
    const { changes } = asFields(fields?.["push"]);
    const last: unknown = Array.isArray(changes) ? changes.at(-1) : undefined;
    const { new: made } = asFields(last);
    const { type, name, target } = asFields(made);
    if (type !== "branch") return {};
    return { ref: `refs/heads/${String(name)}`, after: asFields(target)["hash"] };
  } catch {
    return {};
  }
}
