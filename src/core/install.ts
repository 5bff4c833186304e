/** How mypaas gets on a machine, at the end of hints. It is on no registry yet, and only README.md knows where it came from. */
export const seeInstall = 'see "Five minutes" in README.md';
