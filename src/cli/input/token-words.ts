import { UserError } from "../../core/errors.ts";
import { command, hint, type Hint } from "../../core/hints.ts";
import { grantRights, maxGrantDays, type Grant } from "../../core/wire/grant.ts";

interface TokenWords {
  readonly name?: string | undefined;
  readonly services?: string | undefined;
  readonly actions?: string | undefined;
  readonly days?: string | undefined;
  readonly readOnly?: boolean;
}

type Limits = Pick<Grant, "name" | "services" | "actions" | "access"> & { readonly days: number };

/** What the options of `mypaas token create` allow; throws UserError "usage". */
export function grantOfWords(words: TokenWords): Limits {
  const { name = "token", days = "90", readOnly = false } = words;
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$/.test(name))
    throw usage(
      `name ${JSON.stringify(name)}: should be 1 to 40 of A-Z, a-z, 0-9, dot, - and _`,
      hint`give it a short name: ${command("token create ci --services blog")}`,
    );
  if (words.services === undefined)
    throw usage(
      "needs the services that it may touch",
      hint`name them, or '*' for all: ${command("token create --services 'blog,api-*'")}`,
    );
  const services = listOf(words.services);
  const wrong = services.find((one) => !/^[a-z0-9.*-]{1,50}$/.test(one));
  if (wrong !== undefined || services.length === 0 || services.length > 50)
    throw usage(
      `--services: not a name of a service: ${JSON.stringify(wrong ?? words.services)}`,
      hint`name up to 50, with * at any place: ${command("token create --services 'blog,api-*'")}`,
    );
  if (!/^[1-9]\d{0,2}$/.test(days) || Number(days) > maxGrantDays)
    throw usage(
      `--days should be from 1 to ${maxGrantDays}, got ${JSON.stringify(days)}`,
      hint`make another when it ends: ${command("token create --services blog --days 90")}`,
    );
  const actions = words.actions === undefined ? undefined : listOf(words.actions).map(rightOf);
  return {
    name,
    services,
    days: Number(days),
    access: readOnly ? "read" : "change",
    actions: actions ?? (readOnly ? grantRights : ["push"]),
  };
}

const listOf = (text: string): readonly string[] =>
  text
    .split(",")
    .map((one) => one.trim())
    .filter((one) => one !== "");

function rightOf(word: string): Grant["actions"][number] {
  const known = grantRights.find((one) => one === word);
  if (known !== undefined) return known;
  throw usage(
    `--actions: a token cannot carry ${JSON.stringify(word)}; it can carry ${grantRights.join(", ")}`,
    hint`for everything else enrol a key: ${command("key add")}`,
  );
}

const usage = (problem: string, way: Hint): UserError =>
  new UserError(`token create: ${problem}`, { code: "usage", hint: way });
