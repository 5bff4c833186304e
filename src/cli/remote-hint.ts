/** Commands that talk to a server, and would talk to this host's own without `-r`. */
const talking = ["cancel", "env", "key", "plan", "push", "releases", "rollback"];
const command = new RegExp(`mypaas (?:${talking.join("|")})\\b(?:(?! -r | --remote )[^,;:])*`, "g");

/** A way out that the server knows, as it has to be typed on a laptop that calls the server `remote`. */
export function hintFor(remote: string, hint: string): string {
  return hint.replaceAll(command, (typed, at: number) => {
    const isSaid = /^ (?:-r|--remote) /.test(hint.slice(at + typed.length));
    return isSaid ? typed : `${typed.trimEnd()} -r ${remote}`;
  });
}
