import { command, hint } from "../hints.ts";
import { about, ok, warning, type Finding } from "./check.ts";

interface LinkFacts {
  readonly service: string;
  readonly url: string;
  readonly branch: string;
  /** Why it deploys nothing. */
  readonly trouble: string | undefined;
}

/** Names each link that deploys nothing any more, because its key was removed, has expired or has lost its right. */
export function judgeLinks(links: readonly LinkFacts[]): readonly Finding[] {
  if (links.length === 0) return [ok("no service is linked to a repository")];
  const bad = links.flatMap(({ service, url, branch, trouble }) =>
    trouble === undefined
      ? []
      : [
          about(
            `link of ${service}`,
            warning(
              `deploys nothing: ${trouble}`,
              hint`link it with another key: ${command(`link ${service} ${url}#${branch}`)}`,
            ),
          ),
        ],
  );
  const count = links.length === 1 ? "1 link works" : `${links.length} links work`;
  return bad.length === 0 ? [ok(count)] : bad;
}
