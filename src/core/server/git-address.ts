import { serviceForm } from "../name-forms.ts";

/** The name that sshd and addresses know, such as `mypaas@example.com:web`. */
export const gitUser = "mypaas";

/** What a git client asked sshd to run: a push to a service, or the sentence of a refusal. */
export type GitAsked = { readonly service: string } | { readonly refused: string };

const pushing = /^git[ -]receive-pack '\/?(?<name>[^']*?)(?:\.git)?\/?'$/;

/** Reads the command of a login. Nothing of it is ever run. */
export function readGitCommand(command: string): GitAsked {
  if (command === "")
    return { refused: "this account takes git pushes only: git push mypaas@HOST:SERVICE main" };
  if (/^git[ -]upload-(pack|archive)\b/.test(command))
    return {
      refused: "nothing can be fetched from here: a server keeps what runs, and no history",
    };
  const name = pushing.exec(command)?.groups?.["name"];
  if (name === undefined)
    return { refused: `this account takes git pushes only, not: ${command.slice(0, 100)}` };
  if (serviceForm.test(name)) return { service: name };
  return {
    refused: `"${name.slice(0, 60)}" is no name of a service: use a-z, 0-9, - and ., at most 50, such as mypaas@HOST:web`,
  };
}
