/** The user of programs that read what strangers wrote; it owns the repositories of `git push`, and nothing else. */
export const jailUid = 65531;
