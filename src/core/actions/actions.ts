import { newerRequest } from "../wire/versions.ts";
import { auth } from "./auth.ts";
import { certificates } from "./certificates.ts";
import { scopeFields, type Definition, type Kind, type ReadIn, type Scope } from "./definition.ts";
import { env } from "./env.ts";
import { readFields, shown, type Fields, type Flat } from "./fields.ts";
import { jobs } from "./jobs.ts";
import { keys } from "./keys.ts";
import { links } from "./links.ts";
import { lifecycle } from "./lifecycle.ts";
import { maintenance } from "./maintenance.ts";
import { programs } from "./programs.ts";
import { pushing } from "./push.ts";
import { registries } from "./registries.ts";
import { server } from "./server.ts";
import { tokens } from "./tokens.ts";
import { usage } from "./usage.ts";
import { watch } from "./watch.ts";

/** Every action of the protocol by its name; all other lists of actions are derived from it. */
export const actions = {
  ...pushing,
  ...lifecycle,
  ...env,
  ...auth,
  ...programs,
  ...watch,
  ...jobs,
  ...usage,
  ...keys,
  ...tokens,
  ...registries,
  ...links,
  ...maintenance,
  ...certificates,
  ...server,
} as const;

type Table = typeof actions;

export type ActionName = keyof Table;

/** The action of a name, with the fields that its readers read. */
export type ActionOf<N extends ActionName> = {
  readonly [K in N]: Flat<{ readonly action: K } & ReadIn<Table[K]["fields"], Table[K]["scope"]>>;
}[N];

/** What a request asks for. */
export type Action = ActionOf<ActionName>;

/** The results of actions by name; `never` where the answer has none. */
export type Results = {
  readonly [N in ActionName]: Exclude<Table[N]["becomes"]["result"], undefined>;
};

/** The names of the actions that the server answers in one way. */
export type NamesOf<K extends Kind> = {
  [N in ActionName]: Table[N]["becomes"]["kind"] extends K ? N : never;
}[ActionName];

type NamesInScope<S extends Scope> = {
  [N in ActionName]: Table[N]["scope"] extends S ? N : never;
}[ActionName];

/** An action that becomes a job. */
export type JobAction = ActionOf<NamesOf<"job" | "upload">>;

/** An action that is answered by a stream of lines. */
export type StreamAction = ActionOf<NamesOf<"stream">>;

/** What both sides decide about an action. */
export const definitionOf = (name: ActionName): Definition => actions[name];

/** True for an action that becomes a job. */
export const isJobAction = <A extends Action>(
  asked: A,
): asked is Extract<A, { readonly action: NamesOf<"job" | "upload"> }> =>
  ["job", "upload"].includes(definitionOf(asked.action).becomes.kind);

/** True for an action of a scope. */
export const hasScope = <A extends Action, S extends Scope>(
  asked: A,
  scope: S,
): asked is Extract<A, { readonly action: NamesInScope<S> }> =>
  definitionOf(asked.action).scope === scope;

/** Reads the action of a request and drops the fields that do not belong to it; throws UserError "bad-request". */
export function readAction(value: Fields): Action {
  const { action: name } = value;
  if (!isActionName(name))
    throw newerRequest(`unknown action ${shown(name)}, update mypaas on the server`);
  const { scope, fields } = definitionOf(name);
  return { action: name, ...readFields(value, { ...scopeFields[scope], ...fields }) } as Action;
}

const isActionName = (name: unknown): name is ActionName =>
  typeof name === "string" && Object.hasOwn(actions, name);

/** The fields that make two requests the same: no secrets, and no options that only change how it is done. */
export function contentOf(asked: Action): object {
  const action = readAction({ ...asked });
  const definition = definitionOf(action.action);
  const secrets = Object.entries(definition.fields).filter(([, reader]) => "isSecret" in reader);
  const hidden = Object.fromEntries(secrets.map(([name]) => [name, undefined]));
  return { ...action, ...hidden, ...definition.content?.(action) };
}

/** The services that an action touches. */
export const servicesOf = (action: Action): readonly string[] => [
  ...ownOf(action),
  ...(definitionOf(action.action).alsoTouches?.(action) ?? []),
];

const ownOf = (action: Action): readonly string[] =>
  "service" in action && action.service !== undefined ? [action.service] : [];

/** True where the client may send the same action again after a broken connection. */
export const mayRepeat = ({ action }: Action): boolean => definitionOf(action).repeat === "safe";

/** The services of a server that the client knows by name, once the server has accepted an action. */
export function namesAfter(
  known: readonly string[],
  action: Action,
  result: unknown,
): readonly string[] {
  const { knownNames = "unchanged" } = definitionOf(action.action);
  if (typeof knownNames === "function") return knownNames(known, action, result);
  if (knownNames === "unchanged") return known;
  const own = ownOf(action);
  return knownNames === "added" ? [...known, ...own] : known.filter((name) => !own.includes(name));
}
