import { readServiceName } from "../../core/dockerfile/service-names.ts";
import { UserError } from "../../core/errors.ts";

/** A word of the command line that must name a service, if there is one; throws UserError "usage". */
export function serviceArgument<Word extends string | undefined>(
  word: Word,
  command: string,
): Word {
  if (word === undefined) return word;
  const named = readServiceName(word);
  if ("value" in named) return word;
  throw new UserError(`${command}: service ${named.bad}`, {
    code: "usage",
    hint: "name it as its Dockerfile does: mypaas.servicename",
  });
}
