import { UserError } from "../../core/errors.ts";
import { command, hint } from "../../core/hints.ts";

/** The token of the API in an `authorization` header. Nowhere else is one looked for: an address is written into logs. */
export function apiToken(header: string | null): string {
  const token = /^Bearer (mpg_[\w.-]{1,16000})$/i.exec(header ?? "")?.[1];
  if (token !== undefined) return token;
  throw new UserError("request: carries no token of mypaas", {
    code: "unauthorized",
    hint: hint`make one: ${command("token create")}, and send it as Authorization: Bearer TOKEN`,
  });
}
