/** Where the worker answers the receiver's questions about images; no client reaches it. */
export const doorBase = "/images/";

/** What the receiver asks the worker for images that come in by the registry's door; each call carries the token, which the worker verifies itself. */
export interface ImageDoor {
  /** Throws UserError for a token that is none, or was revoked, or may not push this repository. */
  readonly check: (token: string, repository: string | undefined) => Promise<void>;
  /** The size of a blob that this repository has pushed before; undefined for all others. */
  readonly sizeOf: (asked: AskedBlob) => Promise<number | undefined>;
  /** Makes what a tag was given to live, and waits for the end. Throws UserError where no job begins. */
  readonly deploy: (asked: AskedDeploy) => Promise<DeployEnd>;
}

export interface AskedBlob {
  readonly token: string;
  readonly repository: string;
  readonly sha256: string;
}

export interface AskedDeploy {
  readonly token: string;
  readonly repository: string;
  readonly tag: string;
  readonly manifest: Uint8Array;
}

/** How a deploy ended: `text` says why it failed, and what still runs. */
export interface DeployEnd {
  readonly isLive: boolean;
  readonly text: string;
}
