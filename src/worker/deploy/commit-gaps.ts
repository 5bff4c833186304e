import { shortList } from "../../core/format.ts";
import { command, hint, hintFields } from "../../core/hints.ts";
import { quotePath } from "../../core/push/manifest.ts";
import type { Event } from "../../core/wire/events.ts";
import { emptySubmodules, lfsPointers } from "../../adapters/archive/archive-context.ts";
import type { Taken } from "../../adapters/archive/taken.ts";

/** Submodules that are warned of. */
const maxNamed = 20;

/** Warnings of what the files of a commit stand for and do not hold; `sent` of them become the release. */
export async function commitGaps(
  taken: Taken,
  sent: Pick<Taken, "entries">,
  folder: string,
): Promise<readonly Event[]> {
  const cure = hintFields(hint`push from a machine that has them: ${command("push")}`);
  const warning = (text: string): Event => ({ kind: "warning", text, ...cure });
  const pointers = await lfsPointers(taken, sent, folder);
  return [
    ...emptySubmodules(taken)
      .slice(0, maxNamed)
      .map((path) =>
        warning(`${quotePath(path)}: a submodule, whose files are not in this commit`),
      ),
    ...(pointers.length === 0
      ? []
      : [
          warning(
            `${shortList(pointers.map(quotePath), 5)}: a pointer of git-lfs, not the file itself`,
          ),
        ]),
  ];
}
