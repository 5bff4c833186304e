import { command, hint } from "../../core/hints.ts";
import { UserError } from "../../core/errors.ts";
import type { ActionOf } from "../../core/actions/actions.ts";
import { isOtherProject, type Likeness, type Project } from "../../core/push/project.ts";
import type { InstanceConfig } from "../../core/server/instance.ts";
import { withOwnHost } from "../../core/release/server-refusals.ts";
import { ownRoutes } from "../../core/routing/takeovers.ts";
import { writeRoute } from "../../core/release/spec.ts";
import { plainText } from "../../core/terminal-text.ts";
import { blobsOf } from "../../sources/push.ts";
import { currentRelease } from "../../adapters/state/releases.ts";
import { projectOf } from "../../adapters/state/services.ts";
import type { State } from "../../adapters/state/state.ts";

interface Parts {
  readonly state: State;
  readonly config: Pick<InstanceConfig, "domain">;
}

/** Throws UserError "other-project" for a push that would replace the service of another project; `missing` counts the files that the server does not have. */
export function refuseOtherProject(
  { state, config }: Parts,
  { service, push }: ActionOf<"push">,
  missing: number,
): void {
  const { project, replace } = push.options;
  const current = currentRelease(state, service)?.release;
  if (project === undefined || replace === true || current === undefined) return;
  const before = projectOf(state, service);
  const files = blobsOf(push).length;
  const routes = ownRoutes(current);
  const full = routesOf(project.routes, { domain: config.domain, slug: current.spec.slug });
  const lost = routes.filter(({ host, path }) => !full.has(`${host}${path}`));
  const isByName = routes.every(({ host, path }) => project.routes.includes(`${host}${path}`));
  const likeness = {
    knownFiles: files === 0 ? 0 : (files - missing) / files,
    routes: likenessOf({ count: routes.length, lost: lost.length, isByName }),
  };
  if (before === undefined || !isOtherProject(before, project, likeness)) return;
  const going = lost.length === 0 ? "" : `; ${lost.map(writeRoute).join(", ")} would go`;
  throw new UserError(
    `service ${service}: the release that runs is of another project, ${nameOf(before)}, and this is ${nameOf(project)}${going}`,
    {
      code: "other-project",
      hint: hint`choose another mypaas.servicename, or replace it with its routes and volumes: ${command("push --replace")}`,
    },
  );
}

/** Hosts and paths as this server serves them. */
const routesOf = (
  written: readonly string[],
  { domain, slug }: { readonly domain: string | undefined; readonly slug: string },
): ReadonlySet<string> =>
  new Set(
    written.map((one) => {
      const at = one.indexOf("/");
      const [host, path] = at < 0 ? [one, ""] : [one.slice(0, at), one.slice(at)];
      return `${withOwnHost({ host, path, https: false }, { domain }, slug).host}${path}`;
    }),
  );

function likenessOf(routes: {
  readonly count: number;
  readonly lost: number;
  readonly isByName: boolean;
}): Likeness["routes"] {
  if (routes.count === 0) return "changed";
  if (routes.isByName) return "kept";
  return routes.lost === routes.count ? "lost" : "changed";
}

/** What the state keeps of a project. */
export const withoutRoutes = ({ origins, machine, place, dockerfile, name }: Project): Project => ({
  origins,
  machine,
  place,
  dockerfile,
  name,
});

const nameOf = ({ name, dockerfile }: Project): string =>
  `${plainText(name)} (${plainText(dockerfile)})`;
