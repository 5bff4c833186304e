import { maxBatchBytes, maxBatchedBlobBytes, type WantedBlob } from "../wire/protocol.ts";

/** Upload of one request: many small blobs as a tar, or one large blob in pieces. */
export type UploadPart =
  | { readonly kind: "batch"; readonly blobs: readonly WantedBlob[]; readonly tarBytes: number }
  | { readonly kind: "ranges"; readonly blob: WantedBlob };

const blockBytes = 512;
const endBytes = 2 * blockBytes;

/** Groups missing blobs, small ones first, so that no tar is longer than a batch may be. */
export function planUpload(missing: readonly WantedBlob[]): readonly UploadPart[] {
  const isSmall = (blob: WantedBlob) => blob.size <= maxBatchedBlobBytes;
  const parts: UploadPart[] = [];
  let blobs: WantedBlob[] = [];
  let tarBytes = endBytes;
  const close = () => {
    if (blobs.length > 0) parts.push({ kind: "batch", blobs, tarBytes });
    blobs = [];
    tarBytes = endBytes;
  };
  for (const blob of missing.filter(isSmall)) {
    const own = blockBytes + Math.ceil(blob.size / blockBytes) * blockBytes;
    if (tarBytes + own > maxBatchBytes) close();
    blobs.push(blob);
    tarBytes += own;
  }
  close();
  const large = missing.filter((blob) => !isSmall(blob));
  return [...parts, ...large.map((blob) => ({ kind: "ranges", blob }) as const)];
}
