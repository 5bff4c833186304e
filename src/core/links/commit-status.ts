import { plainText } from "../terminal-text.ts";

export type CommitState = "pending" | "success" | "failure";

/** What a forge is told of a commit. */
export interface CommitStatus {
  readonly commit: string;
  readonly state: CommitState;
  /** Names the service and the server, so that two servers do not overwrite each other. */
  readonly context: string;
  readonly description: string;
}

/** One request by https; a forge that does not know its path answers 404. */
export interface StatusRequest {
  readonly host: string;
  readonly port: number;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The requests of which a forge takes one: of the host's own API where it is known, else of Gitea and Forgejo, of GitLab, and of GitHub, in this order. Empty where there is none. */
export function statusRequests(
  { url, token }: { readonly url: string; readonly token: string },
  status: CommitStatus,
): readonly StatusRequest[] {
  const { hostname, port, pathname } = new URL(url);
  const path = pathname.replace(/^\/+|\/+$/g, "").replace(/\.git$/, "");
  if (!path.includes("/")) return [];
  const asked = { path, password: token.slice(token.indexOf(":") + 1), status };
  const known: Readonly<Record<string, readonly Api[]>> = {
    "github.com": [{ ...github, host: "api.github.com", prefix: "" }],
    "gitlab.com": [gitlab],
    "bitbucket.org": [],
  };
  const host = hostname.replace(/^\[|\]$/g, "");
  return (known[host] ?? [gitea, gitlab, github]).map((api) => ({
    host: api.host ?? host,
    port: Number(port === "" ? 443 : port),
    ...api.request(asked, api.prefix),
    ...bodyOf(api, status),
  }));
}

interface Asked {
  readonly path: string;
  readonly password: string;
  readonly status: CommitStatus;
}

interface Api {
  readonly host?: string;
  readonly prefix: string;
  readonly words: Readonly<Record<CommitState, string>>;
  readonly request: (asked: Asked, prefix: string) => Pick<StatusRequest, "path" | "headers">;
}

const same = { pending: "pending", success: "success", failure: "failure" } as const;
const headers = { "content-type": "application/json", accept: "application/json" };
const ofRepository = ({ path, status }: Asked, prefix: string): string =>
  `${prefix}/repos/${path}/statuses/${status.commit}`;

const github: Api = {
  prefix: "/api/v3",
  words: same,
  request: (asked, prefix) => ({
    path: ofRepository(asked, prefix),
    headers: { ...headers, authorization: `Bearer ${asked.password}` },
  }),
};

const gitea: Api = {
  prefix: "/api/v1",
  words: same,
  request: (asked, prefix) => ({
    path: ofRepository(asked, prefix),
    headers: { ...headers, authorization: `token ${asked.password}` },
  }),
};

const gitlab: Api = {
  prefix: "/api/v4",
  words: { pending: "running", success: "success", failure: "failed" },
  request: ({ path, password, status }, prefix) => ({
    path: `${prefix}/projects/${encodeURIComponent(path)}/statuses/${status.commit}`,
    headers: { ...headers, "private-token": password },
  }),
};

const longest = 140;

function bodyOf(
  { words }: Api,
  { state, context, description }: CommitStatus,
): Pick<StatusRequest, "body"> {
  const [first = ""] = plainText(description).split("\n");
  const text = first.length <= longest ? first : `${first.slice(0, longest - 1).toWellFormed()}…`;
  return { body: JSON.stringify({ state: words[state], context, description: text }) };
}

/** What became of a status, for `mypaas link SERVICE`. */
export function describeAnswer(code: number | undefined): string {
  if (code === undefined) return "not reported: the forge did not answer";
  if (code >= 200 && code < 300) return "reported";
  if (code === 401 || code === 403) return `not reported: the token may not set a status (${code})`;
  if (elsewhere.includes(code))
    return `not reported: no API of GitHub, GitLab or Gitea takes it (${code})`;
  return `not reported: the forge answered ${code}`;
}

/** Answers after which another API is tried; GitLab sends unknown paths on to its login. */
export const elsewhere: readonly number[] = [301, 302, 303, 307, 308, 404, 405, 410];

/** True where the same may be taken later. */
export const isPassing = (code: number | undefined): boolean =>
  code === undefined || code === 429 || code >= 500;
