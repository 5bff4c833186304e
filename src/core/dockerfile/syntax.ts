import type { DockerfileScan, Written } from "./comments.ts";

/** What builds images on a server. */
export interface BuilderFacts {
  /** Version of Docker Engine, such as `20.10.24`. */
  readonly engine: string;
  readonly buildkit: boolean;
  /** Such as `linux/amd64`; servers of 0.1.0 do not say it. */
  readonly platform?: string;
}

/** Something in a Dockerfile that not every builder takes. */
interface Syntax {
  readonly instruction: RegExp;
  /** The flag; left out for heredocs. */
  readonly flag?: string;
  /** The first major version of Docker Engine whose own BuildKit takes it. */
  readonly since: number;
}

const file = /^(?:copy|add)$/i;

/** By the release notes of docker/dockerfile, and the BuildKit in each release of Docker Engine; 18 is the first with BuildKit. */
const table: readonly Syntax[] = [
  { instruction: /^(?:run|copy|add)$/i, since: 23 },
  { instruction: /^run$/i, flag: "mount", since: 18 },
  { instruction: /^run$/i, flag: "network", since: 23 },
  { instruction: /^run$/i, flag: "security", since: 29 },
  { instruction: file, flag: "chmod", since: 18 },
  { instruction: file, flag: "link", since: 23 },
  { instruction: file, flag: "exclude", since: 29 },
  { instruction: /^copy$/i, flag: "parents", since: 29 },
  { instruction: /^add$/i, flag: "checksum", since: 25 },
  { instruction: /^add$/i, flag: "keep-git-dir", since: 25 },
  { instruction: /^healthcheck$/i, flag: "start-interval", since: 25 },
];

/** What is known about a flag that a builder calls unknown. */
export const isNewFlag = (flag: string): boolean => table.some((one) => one.flag === flag);

/** A problem of a Dockerfile with one builder. */
export interface SyntaxProblem {
  readonly line: number;
  readonly message: string;
  readonly hint: string;
}

/** Names each instruction that a builder cannot build, once a line; a syntax directive loads a newer reader of Dockerfiles. */
export function beyondBuilder(
  { written, hasSyntax }: Pick<DockerfileScan, "written" | "hasSyntax">,
  builder: BuilderFacts,
): readonly SyntaxProblem[] {
  const major = Number(/^\d+/.exec(builder.engine)?.[0] ?? Number.NaN);
  const known = builder.buildkit ? major : 0;
  // The version of other engines says nothing.
  if (Number.isNaN(major) || (hasSyntax && builder.buildkit)) return [];
  return written.flatMap((one) => {
    const found = usedIn(one).find(({ since }) => since > known);
    if (found === undefined) return [];
    const what = `${nameOf(one)} ${found.flag === undefined ? "with a heredoc" : `--${found.flag}`}`;
    const message = builder.buildkit
      ? `${what}: Docker ${builder.engine} on the server cannot build it`
      : `${what}: Docker on the server builds without BuildKit, which it needs`;
    return [{ line: one.line, message, hint: wayOut(builder, found.since) }];
  });
}

/** What to do where a builder is too old for a Dockerfile. */
export const newerReader =
  "put this on the first line, which the server then loads from Docker Hub: # syntax=docker/dockerfile:1";

const wayOut = ({ buildkit }: BuilderFacts, since: number): string =>
  buildkit ? `${newerReader}, or update Docker there to ${since} or later` : turnOnBuildkit;

/** What to do where a Dockerfile needs BuildKit and the engine has none in use. */
export const turnOnBuildkit =
  'remove "buildkit": false from /etc/docker/daemon.json on the server, and restart Docker there';

/** True for a line inside a heredoc. */
export const isInHeredoc = ({ written }: Pick<DockerfileScan, "written">, line: number): boolean =>
  written.some((one) => one.hasHeredoc && one.line < line && line <= one.end);

function usedIn({ text, hasHeredoc }: Written): readonly Syntax[] {
  const [word = "", ...flags] = wordsOf(text);
  return table.filter(({ instruction, flag }) => {
    if (!instruction.test(word)) return false;
    return flag === undefined
      ? hasHeredoc
      : flags.some((one) => one === `--${flag}` || one.startsWith(`--${flag}=`));
  });
}

const nameOf = ({ text }: Written): string => (wordsOf(text)[0] ?? "").toUpperCase();

/** The instruction and its flags, which stand before everything else; ONBUILD is passed over. */
function wordsOf(text: string): readonly string[] {
  const [word = "", ...rest] = text
    .replace(/^onbuild\s+/i, "")
    .slice(0, 4000)
    .split(/\s+/);
  const end = rest.findIndex((one) => !one.startsWith("--"));
  return [word, ...(end < 0 ? rest : rest.slice(0, end))];
}
