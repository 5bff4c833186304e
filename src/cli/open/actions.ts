import type { JobAction } from "../../core/actions/actions.ts";
import { isSecretName } from "../../core/release/values.ts";
import { maxReplicas } from "../../core/release/spec.ts";
import { UserError } from "../../core/errors.ts";

type Fields = Readonly<Record<string, unknown>>;
type Asked = Extract<
  JobAction,
  { readonly action: "restart" | "stop" | "start" | "scale" | "rollback" | "env.set" }
>;

/** What each form of the page asks for, by the last part of its path. */
export const formActions = {
  restart: (service) => ({ action: "restart", service }),
  stop: (service) => ({ action: "stop", service }),
  start: (service) => ({ action: "start", service }),
  scale: (service, fields) => ({
    action: "scale",
    service,
    replicas: whole(fields["replicas"], "replicas", maxReplicas),
  }),
  rollback: (service, fields) => ({
    action: "rollback",
    service,
    release: whole(fields["release"], "release", 1e9),
  }),
  env: (service, fields) => ({
    action: "env.set",
    service,
    set: { [nameOf(fields["name"])]: textIn(fields["value"]) },
  }),
} as const satisfies Readonly<Record<string, (service: string, fields: Fields) => Asked>>;

/** True for the path of a form. */
export const isFormAction = (path: string): path is keyof typeof formActions =>
  Object.hasOwn(formActions, path);

const textIn = (value: unknown): string => (typeof value === "string" ? value : "");

function whole(value: unknown, name: string, most: number): number {
  const count = /^\d{1,9}$/.test(textIn(value)) ? Number(value) : NaN;
  if (count >= 1 && count <= most) return count;
  throw wrong(`${name}: should be a whole number from 1 to ${most}, got ${shown(value)}`);
}

function nameOf(value: unknown): string {
  const name = textIn(value).trim();
  if (isSecretName(name)) return name;
  throw wrong(`name: should be letters, digits and _, got ${shown(value)}`);
}

const shown = (value: unknown): string => JSON.stringify(textIn(value).slice(0, 60));

const wrong = (message: string): UserError =>
  new UserError(message, { code: "usage", hint: "go back and change it" });
