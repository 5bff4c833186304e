import { X509Certificate } from "node:crypto";

/** The host's certificate and those above it in the file, each issued by the next. Others are left out. */
export function chainOf(
  leaf: X509Certificate,
  all: readonly X509Certificate[],
): readonly X509Certificate[] {
  const chain = [leaf];
  for (let last: X509Certificate | undefined = leaf; last !== undefined && !isSelfSigned(last);) {
    const below: X509Certificate = last;
    last = all.find((one) => isIssuedBy(below, one) && !chain.some((used) => isSame(used, one)));
    if (last !== undefined) chain.push(last);
  }
  return chain;
}

/** True when a browser can get from the chain to a root. False only for a single certificate that no root has issued. */
export function isComplete(chain: readonly X509Certificate[], roots: readonly string[]): boolean {
  const [leaf, above] = chain;
  if (leaf === undefined || above !== undefined || isSelfSigned(leaf)) return true;
  return roots.some((root) => isIssuedBy(leaf, new X509Certificate(root)));
}

export const isSelfSigned = (certificate: X509Certificate): boolean =>
  isIssuedBy(certificate, certificate);

const isIssuedBy = (certificate: X509Certificate, issuer: X509Certificate): boolean =>
  certificate.issuer === issuer.subject &&
  certificate.checkIssued(issuer) &&
  certificate.verify(issuer.publicKey);

const isSame = (one: X509Certificate, other: X509Certificate): boolean =>
  one.fingerprint256 === other.fingerprint256;
