import { parseKeyLine } from "./authorized-keys.ts";
import { UserError } from "../errors.ts";
import { type Hint, command, hint } from "../hints.ts";

export interface KeyLimits {
  /** Comma-separated service names with `*` at any place. */
  readonly services?: string | undefined;
  readonly actions?: string | undefined;
  readonly expires?: string | undefined;
  readonly noVolumes?: boolean | undefined;
}

/** Puts limits before a public key, as in authorized_keys. Throws UserError "key" for a line that a server would refuse. */
export function buildKeyLine(publicKey: string, limits: KeyLimits): string {
  const line = publicKey.trim();
  const wrong = (problem: string, way: Hint) =>
    new UserError(`key: ${problem}`, { code: "key", hint: way });
  if (line.includes("PRIVATE KEY-----"))
    throw wrong("this is a private key, which must stay secret", "give the public key: FILE.pub");
  if (/[\r\n]/.test(line)) throw wrong("more than one line", "give one public key at a time");
  const plain = parseKeyLine(line);
  const options = formatLimits(limits);
  if (typeof plain !== "string" && plain.optionsText !== "" && options !== "")
    throw wrong(`has options already: ${plain.optionsText}`, "use these options, or the flags");
  const result = options === "" ? line : `${options} ${line}`;
  const parsed = parseKeyLine(result);
  if (typeof parsed !== "string") return result;
  const isOption = parsed.includes("key option");
  throw wrong(
    parsed,
    isOption
      ? hint`change the option or leave it out, see: ${command("key add --help")}`
      : "give a public key, such as ~/.ssh/id_ed25519.pub",
  );
}

function formatLimits({ services, actions, expires, noVolumes }: KeyLimits): string {
  // A quote would end the value and start another option.
  const quoted = Object.entries({ services, actions, expires }).flatMap(([name, value]) =>
    value === undefined
      ? []
      : [`${name}="${value.replaceAll(/\s*,\s*/g, ",").replaceAll('"', "'")}"`],
  );
  return [...quoted, ...(noVolumes ? ["no-volumes"] : [])].join(",");
}
