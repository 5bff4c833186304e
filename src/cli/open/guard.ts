import { createHash, timingSafeEqual } from "node:crypto";

/** What every answer carries: nothing but our own files, in no frame, kept nowhere. */
export const headers = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  // Without a referrer a browser calls the origin of a form null.
  "referrer-policy": "same-origin",
  "x-content-type-options": "nosniff",
  "cache-control": "no-store",
} as const;

/** Why a request is refused before anybody looks at its path; undefined for one that may pass. */
export function refusal(
  request: Request,
  /** What the page itself is called. */
  host: string,
): string | undefined {
  // Another name for this address may belong to a site that wants to read the page (DNS rebinding).
  if (request.headers.get("host") !== host) return `host: this page is only at ${host}`;
  if (request.method !== "GET" && request.method !== "POST") return "method: not allowed";
  // Only a form of the page itself; every browser of today says where a request comes from.
  if (request.method === "POST" && request.headers.get("sec-fetch-site") !== "same-origin")
    return "form: not sent by this page";
  return undefined;
}

/** True for the secret of the page, in a time that tells nothing of it. */
export const isSecret = (given: string, secret: string): boolean =>
  timingSafeEqual(sha256(given), sha256(secret));

const sha256 = (text: string): Buffer => createHash("sha256").update(text).digest();
