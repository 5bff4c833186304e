import { readServiceName } from "../../core/dockerfile/service-names.ts";
import { UserError } from "../../core/errors.ts";

/** A word of the command line that must name a service; throws UserError "usage". */
export function serviceArgument(word: string, command: string): string {
  const named = readServiceName(word);
  if ("value" in named) return word;
  throw new UserError(`${command}: service ${named.bad}`, {
    code: "usage",
    hint: "name it as its Dockerfile does: mypaas.servicename",
  });
}
