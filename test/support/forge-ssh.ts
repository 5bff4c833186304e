import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { runSshd, type RunningSshd } from "./sshd.ts";

/** The repositories of a forge over ssh, as `git@HOST:NAME`. */
export interface SshForge extends RunningSshd {
  /** Takes these public keys, and no other ones, from now on. */
  readonly enrol: (keys: readonly string[]) => Promise<void>;
}

/** Starts Debian's sshd and git's own upload-pack; `folder` holds the repositories, `home` its files. */
export async function startSshForge(
  folder: string,
  { home, address }: { readonly home: string; readonly address: string },
): Promise<SshForge> {
  await mkdir(home, { recursive: true });
  const keys = join(home, "authorized_keys");
  const program = join(home, "serve");
  const script = [
    "#!/bin/sh",
    `case "$SSH_ORIGINAL_COMMAND" in "git-upload-pack '"*) ;; *) echo "ERROR: not for you" >&2; exit 1;; esac`,
    `path="\${SSH_ORIGINAL_COMMAND#*\\'}"`,
    `name="$(basename "\${path%\\'}" .git)"`,
    `[ -d "${folder}/$name" ] || { echo "ERROR: Repository not found." >&2; exit 1; }`,
    `exec git -c uploadpack.allowAnySHA1InWant=true -c safe.directory='*' upload-pack "${folder}/$name"`,
    "",
  ];
  await writeFile(program, script.join("\n"), { mode: 0o755 });
  await writeFile(keys, "");
  const sshd = await runSshd({
    home,
    address,
    users: [{ name: "git", uid: 0, shell: "/bin/sh" }],
    config: [
      `AuthorizedKeysFile ${keys}`,
      "StrictModes no",
      "PermitRootLogin yes",
      "PasswordAuthentication no",
      "AcceptEnv GIT_PROTOCOL",
      `ForceCommand ${program}`,
    ],
  });
  return {
    ...sshd,
    enrol: (lines) => writeFile(keys, `${lines.join("\n")}\n`),
  };
}
