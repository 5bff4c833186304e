import type { ReleaseInfo } from "../core/actions/lifecycle.ts";
import type { PsService } from "../core/actions/watch.ts";
import { maxReplicas } from "../core/release/spec.ts";
import { commandBox } from "./layout.ts";
import { servicePath, type Look } from "./look.ts";
import { html, type Markup } from "./markup.ts";

interface ActionForm {
  /** Last part of the path that takes it. */
  readonly path: string;
  readonly title: string;
  readonly text: string;
  readonly fields?: Markup;
  readonly button: string;
  readonly command: string;
  /** The command with `{name}` for what the field of that name holds. */
  readonly template?: string;
  readonly isGrave?: boolean;
}

/** What can be done with a service: a form for each, which works without script, beside the command that does the same. */
export function actionsOf(look: Look, one: PsService, releases: readonly ReleaseInfo[]): Markup {
  const forms = formsFor(look, one, releases);
  return html`<aside aria-labelledby="actions">
    <h2 id="actions">Actions</h2>
    <div class="actions">${forms.map((form) => show(look, one.service, form))}</div>
  </aside>`;
}

function formsFor(
  look: Look,
  one: PsService,
  releases: readonly ReleaseInfo[],
): readonly ActionForm[] {
  const { service, state } = one;
  if (one.release === undefined) return [];
  if (state === "stopped") return [start(look, service), setValue(look, service)];
  const kept = releases.filter(({ canRollBack }) => canRollBack);
  return [
    restart(look, service),
    scale(look, one),
    ...(kept.length === 0 ? [] : [rollback(look, service, kept)]),
    setValue(look, service),
    stop(look, service),
  ];
}

const restart = ({ command }: Look, service: string): ActionForm => ({
  path: "restart",
  title: "Restart",
  text: "Starts new containers of the same release, then removes the old ones. Requests go on.",
  button: `Restart ${service}`,
  command: command("restart", service),
});

const start = ({ command }: Look, service: string): ActionForm => ({
  path: "start",
  title: "Start",
  text: "Starts the release that was stopped, with the values that it had.",
  button: `Start ${service}`,
  command: command("start", service),
});

const stop = ({ command }: Look, service: string): ActionForm => ({
  path: "stop",
  title: "Stop",
  text: "Stops all replicas. Its routes answer 503 until it is started again.",
  button: `Stop ${service}`,
  command: command("stop", service),
  isGrave: true,
});

function scale({ command }: Look, { service, replicas, release }: PsService): ActionForm {
  const own = replicas.filter((one) => one.process === undefined && one.release === release);
  const now = own.length || 1;
  return {
    path: "scale",
    title: "Scale",
    text: "Runs more or fewer replicas, until the Dockerfile says another number.",
    fields: html`<label for="replicas">Replicas</label>
      <input
        id="replicas"
        name="replicas"
        type="number"
        min="1"
        max="${maxReplicas}"
        value="${now}"
        required
      />`,
    button: `Scale ${service}`,
    command: command("scale", service, String(now)),
    template: command("scale", service, "{replicas}"),
  };
}

function rollback({ command }: Look, service: string, kept: readonly ReleaseInfo[]): ActionForm {
  const [first] = kept;
  return {
    path: "rollback",
    title: "Roll back",
    text: "Makes an earlier release live again, with its values, without a build.",
    fields: html`<label for="release">Release</label>
      <select id="release" name="release">
        ${kept.map(({ release }) => html`<option value="${release}">${release}</option>`)}
      </select>`,
    button: `Roll back ${service}`,
    command: command("rollback", service, String(first?.release ?? "")),
    template: command("rollback", service, "{release}"),
  };
}

const setValue = ({ command }: Look, service: string): ActionForm => ({
  path: "env",
  title: "Set a variable",
  text: "Sets an environment variable. A service that runs gets a new release with it. The value never comes back.",
  fields: html`<label for="variable">Name</label>
    <input
      id="variable"
      name="name"
      autocomplete="off"
      spellcheck="false"
      pattern="[A-Za-z_][A-Za-z0-9_]*"
      required
    />
    <label for="value">Value</label>
    <input id="value" name="value" type="password" autocomplete="off" />`,
  button: "Set it",
  command: command("env", service, "set", "NAME=…"),
  template: command("env", service, "set", "{name}=…"),
});

function show(look: Look, service: string, form: ActionForm): Markup {
  const { path, title, text, fields, button, command, template, isGrave } = form;
  return html`<details class="action" name="action"><summary>${title}</summary>
<form method="post" action="${servicePath(look, service, `/${path}`)}"${template === undefined ? "" : html` data-command`}>
<p>${text}</p>
${fields === undefined ? "" : html`<div class="fields">${fields}</div>`}
<button${isGrave === true ? html` class="grave"` : ""}>${button}</button>
${commandBox(command, template)}
</form></details>`;
}
