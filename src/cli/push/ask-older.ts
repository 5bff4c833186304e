import type { PushManifest } from "../../core/actions/push.ts";
import { UserError } from "../../core/errors.ts";
import { shortList } from "../../core/format.ts";
import { hintFields } from "../../core/hints.ts";
import { shownPath } from "../../core/push/manifest.ts";
import { plainManifest } from "../../core/push/older-servers.ts";
import type { Accepted } from "../../core/wire/protocol.ts";
import { updateServer } from "../../core/wire/versions.ts";
import type { CommandIo } from "../command.ts";

/**
 * Asks with a manifest, and once more in the form of 0.1.0 where the server is too old for it; then a warning says what stays behind.
 * Throws UserError with the entries that such a server does not take.
 */
export async function askWithManifest<T extends { readonly accepted: Pick<Accepted, "version"> }>(
  push: PushManifest,
  ask: (push: PushManifest) => Promise<T>,
  { say }: Pick<CommandIo, "say">,
): Promise<T> {
  if (push.image !== undefined) return askWithImage(push, ask);
  if (push.folders === undefined) return ask(push);
  const plain = plainManifest(push);
  const warn = () => {
    const text = `build context: ${leftBehind(plain.emptyFolders)}: mypaas on the server is older than here`;
    say({ kind: "warning", text, ...hintFields(updateServer()) });
  };
  try {
    const answer = await ask(push);
    // A server of 0.1.0 passes over folders, and does not say its version.
    if (answer.accepted.version === undefined) warn();
    return answer;
  } catch (error) {
    if (!(error instanceof UserError) || error.code !== "bad-request") throw error;
    if (plain.refused.length > 0)
      throw new UserError("build context: mypaas on the server is too old for it", {
        code: "manifest",
        hint: updateServer(),
        details: plain.refused,
        cause: error,
      });
    const answer = await ask(plain.push);
    warn();
    return answer;
  }
}

/** A server of 0.1.0 would take the parts for files to build. */
async function askWithImage<T extends { readonly accepted: Pick<Accepted, "version"> }>(
  push: PushManifest,
  ask: (push: PushManifest) => Promise<T>,
): Promise<T> {
  const answer = await ask(push);
  if (answer.accepted.version !== undefined) return answer;
  throw new UserError("image: mypaas on the server is too old for images", {
    code: "manifest",
    hint: updateServer(),
  });
}

function leftBehind(folders: readonly string[]): string {
  if (folders.length === 0) return "modes of folders and special modes stay behind";
  return `empty folders stay behind: ${shortList(folders.map(shownPath))}`;
}
