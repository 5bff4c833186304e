import { UserError } from "../errors.ts";

/** A refusal of the door of images as the OCI distribution specification writes it: clients print the message of a status from 400 to 499, and try others again without a word. */
export class RegistryRefusal extends UserError {
  readonly status: number;
  readonly ociCode: string;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    message: string,
    oci: {
      readonly status: number;
      readonly code: string;
      readonly headers?: Readonly<Record<string, string>>;
    },
  ) {
    super(message, { code: "registry" });
    this.status = oci.status;
    this.ociCode = oci.code;
    this.headers = oci.headers ?? {};
  }
}

/** Clients try again after codes that they do not know; `DENIED` ends a push at once. */
const known: Readonly<Record<string, readonly [status: number, code: string]>> = {
  unauthorized: [401, "UNAUTHORIZED"],
  "bad-token": [401, "UNAUTHORIZED"],
  "bad-signature": [401, "UNAUTHORIZED"],
  "unknown-key": [401, "UNAUTHORIZED"],
  "expired-key": [401, "UNAUTHORIZED"],
  busy: [429, "TOOMANYREQUESTS"],
  "too-many": [429, "TOOMANYREQUESTS"],
  "bad-manifest": [400, "MANIFEST_INVALID"],
  "bad-blob": [400, "DIGEST_INVALID"],
  "bad-request": [400, "BLOB_UPLOAD_INVALID"],
  conflict: [409, "BLOB_UPLOAD_INVALID"],
  stalled: [408, "BLOB_UPLOAD_INVALID"],
  "too-large": [413, "SIZE_INVALID"],
  "worker-away": [503, "UNAVAILABLE"],
};

const bug = "server: ran into a bug of its own";

/** The answer for an error; anything but a UserError is a bug and shows no details. */
export function refusalOf(error: unknown): RegistryRefusal {
  if (error instanceof RegistryRefusal) return error;
  if (!(error instanceof UserError))
    return new RegistryRefusal(bug, { status: 500, code: "UNKNOWN" });
  const [status, code] = known[error.code] ?? [403, "DENIED"];
  const message = [error.message, ...error.details].join("; ");
  const text = error.hint === undefined ? message : `${message} — ${error.hint}`;
  const headers = status === 401 ? { "www-authenticate": 'Basic realm="mypaas"' } : {};
  return new RegistryRefusal(text, { status, code, headers });
}

/** The body of a refusal. */
export const refusalBody = ({ ociCode: code, message }: RegistryRefusal): string =>
  JSON.stringify({ errors: [{ code, message }] });
