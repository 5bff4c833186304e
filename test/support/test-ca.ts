import { createPrivateKey } from "node:crypto";
import { generate } from "selfsigned";

/** A certificate authority of the test, all in PEM. */
export interface TestCa {
  readonly cert: string;
  readonly key: string;
  /** What a server sends after its own certificate: nothing for a root, else this one and those above it without the root. */
  readonly chain: string;
}

/** A certificate for a server, all in PEM. */
export interface TestLeaf {
  readonly cert: string;
  readonly key: string;
  /** `cert` and every intermediate, in the order in which a server sends them. */
  readonly chain: string;
}

interface Validity {
  /** An hour ago, if not given. */
  readonly from?: Date;
  /** 90 days from now, if not given. */
  readonly until?: Date;
}

const [hour, day] = [3_600_000, 24 * 3_600_000];

/** Makes a root, or with an `issuer` an intermediate, which has the issuer's type of key. */
export async function makeCa(
  name: string,
  options: Validity & { readonly issuer?: TestCa; readonly keyType?: "ec" | "rsa" } = {},
): Promise<TestCa> {
  const { issuer, keyType = issuer === undefined ? "ec" : keyTypeOf(issuer.key) } = options;
  const { cert, private: key } = await generate([{ name: "commonName", value: name }], {
    keyType,
    algorithm: "sha256",
    ...datesOf(options),
    ...(issuer === undefined ? {} : { ca: issuer }),
    extensions: [
      { name: "basicConstraints", cA: true, critical: true },
      { name: "keyUsage", keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  return { cert: line(cert), key, chain: issuer === undefined ? "" : line(cert) + issuer.chain };
}

/** Makes a certificate for names, `*.b.test` too, and addresses; its key has the type of the authority's. */
export async function makeLeaf(
  options: Validity & {
    readonly ca: TestCa;
    readonly hosts?: readonly string[];
    readonly ips?: readonly string[];
  },
): Promise<TestLeaf> {
  const { ca, hosts = [], ips = [] } = options;
  const commonName = hosts[0] ?? ips[0] ?? "nobody";
  const { cert, private: key } = await generate([{ name: "commonName", value: commonName }], {
    keyType: keyTypeOf(ca.key),
    algorithm: "sha256",
    ...datesOf(options),
    ca,
    extensions: [
      { name: "basicConstraints", cA: false, critical: true },
      { name: "keyUsage", digitalSignature: true, critical: true },
      { name: "extKeyUsage", serverAuth: true },
      {
        name: "subjectAltName",
        altNames: [
          ...hosts.map((value) => ({ type: 2 as const, value })),
          ...ips.map((ip) => ({ type: 7 as const, ip })),
        ],
      },
    ],
  });
  return { cert: line(cert), key, chain: line(cert) + ca.chain };
}

// selfsigned signs with the algorithm of the key that it makes, so both have the same type.
const keyTypeOf = (key: string): "ec" | "rsa" =>
  createPrivateKey(key).asymmetricKeyType === "rsa" ? "rsa" : "ec";

function datesOf({ from, until }: Validity) {
  const now = Date.now();
  return {
    notBeforeDate: from ?? new Date(now - hour),
    notAfterDate: until ?? new Date(now + 90 * day),
  };
}

const line = (pem: string): string => `${pem.trim()}\n`;
