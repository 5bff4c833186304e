import { readServiceName } from "../../core/dockerfile/service-names.ts";
import { UserError } from "../../core/errors.ts";
import { command, hint } from "../../core/hints.ts";

/** A word of the command line that must name a service; throws UserError "usage". */
export function serviceArgument(word: string, commandName: string): string {
  const named = readServiceName(word);
  if ("value" in named) return word;
  throw new UserError(`${commandName}: service ${named.bad}`, {
    code: "usage",
    hint: "name it as its Dockerfile does: mypaas.servicename",
  });
}

/** An option that counts from 1; throws UserError "usage". */
export function numberOption(word: string | undefined, name: string): number | undefined {
  if (word === undefined) return undefined;
  if (/^[1-9]\d{0,8}$/.test(word)) return Number(word);
  throw new UserError(`${name} should be a whole number from 1, got ${JSON.stringify(word)}`, {
    code: "usage",
    hint: hint`see the numbers: ${command("releases")}`,
  });
}
