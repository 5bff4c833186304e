import { commitForm } from "../../core/name-forms.ts";
/** What a pre-receive hook says; it comes out of the jail, so it is read like a stranger's text. */
export interface PushedRefs {
  readonly refs: readonly PushedRef[];
  readonly options: readonly string[];
}

interface PushedRef {
  /** The commit of the branch; undefined where it is to be deleted. */
  readonly commit: string | undefined;
  readonly name: string;
}

/** What the jail says of a commit before its files. */
export interface CommitFacts {
  /** Names the connection that was asked for. */
  readonly files: string;
  readonly subject: string;
}

/** Reads the first line of a connection from the jail; throws for anything else. */
export function readHookLine(line: string): PushedRefs | CommitFacts {
  const value = JSON.parse(line) as Readonly<Record<string, unknown>>;
  const { files, subject, refs, options } = value;
  if (typeof files === "string") return { files, subject: texts([subject])[0] ?? "" };
  if (!Array.isArray(refs)) throw new Error("a line of the jail that is not known");
  return {
    options: texts(options),
    refs: (refs as readonly Readonly<Record<string, unknown>>[]).map(({ after, name }) => ({
      name: texts([name])[0] ?? "",
      commit:
        commitForm.test(String(after)) && !/^0+$/.test(String(after)) ? String(after) : undefined,
    })),
  };
}

const texts = (value: unknown): readonly string[] =>
  Array.isArray(value)
    ? value
        .slice(0, 100)
        .filter((one) => typeof one === "string")
        .map((one) => one.slice(0, 4096))
    : [];

/** The push that refs and options ask for. */
export interface CommitPush {
  readonly commit: string;
  readonly branch: string;
  readonly dockerfile: string | undefined;
  readonly pull: boolean;
  readonly noCache: boolean;
}

const branches = ["main", "master"];
const pushOptions = "no-cache, pull, dockerfile=PATH";

/** Decides which commit is deployed; returns a sentence for a push that asks for anything else. */
export function readPush({ refs, options }: PushedRefs): CommitPush | string {
  const [ref] = refs;
  if (ref === undefined) return "nothing is pushed";
  const named = refs.map(({ name }) => name.replace(/^refs\/(heads\/)?/, ""));
  const how = (from: string) => `to deploy it: git push REMOTE ${from}:main`;
  if (refs.length > 1)
    return `one branch at a time is deployed, got ${named.join(", ")}\nhint: name one: git push REMOTE main`;
  const branch = ref.name.startsWith("refs/heads/") ? (named[0] ?? "") : undefined;
  if (branch === undefined || !branches.includes(branch))
    return `only main or master is deployed, got ${named[0]}\nhint: ${how(branch === undefined ? "HEAD" : branch)}`;
  if (ref.commit === undefined)
    return `${branch} cannot be deleted: it says what runs\nhint: to remove the service, on a machine with mypaas or on the server: ${removing}`;
  const asked = { dockerfile: undefined as string | undefined, pull: false, noCache: false };
  for (const option of options) {
    if (option === "no-cache") asked.noCache = true;
    else if (option === "pull") asked.pull = true;
    else if (option.startsWith("dockerfile="))
      asked.dockerfile = option.slice("dockerfile=".length);
    else return `push option "${option.slice(0, 60)}": not known\nhint: known are ${pushOptions}`;
  }
  return { commit: ref.commit, branch, ...asked };
}

const removing = ["mypaas", "remove", "SERVICE"].join(" ");
