import { formatToken, grantBytes, grantNamespace, type Grant } from "../../src/core/wire/grant.ts";
import type { softKey } from "./signed.ts";

/** A grant to push blog, with changes. */
export const grant = (change: Partial<Grant> = {}): Grant => ({
  v: 1,
  server: "00112233445566ff",
  id: "0f3c9a1b2c3d4e5f",
  name: "ci",
  services: ["blog"],
  actions: ["push"],
  access: "change",
  created: Date.UTC(2026, 10, 21),
  expires: Date.UTC(2026, 11, 21),
  ...change,
});

/** The token of a grant that a key in software signs. */
export function tokenOf(
  key: Pick<ReturnType<typeof softKey>, "sign">,
  change: Partial<Grant> = {},
  namespace: string = grantNamespace,
): string {
  const body = grantBytes(grant(change));
  return formatToken(body, key.sign(body, namespace));
}
