import { command, hint, type Hint } from "../hints.ts";
import { isIPv4 } from "./addresses.ts";

/** The way out for a record to an address of this server that it does not listen on. */
export const listenToo = (host: string, address: string): Hint =>
  hint`listen on both families, on the server: sudo ${command("init --bind 0.0.0.0 ::")}; or delete the record at your DNS provider: ${host} ${isIPv4(address) ? "A" : "AAAA"} ${address}`;
