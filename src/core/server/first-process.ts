/** Programs that supervise others as process 1; some of them accept no other number. */
const inits = new Set([
  "init",
  "s6-svscan",
  "s6-linux-init",
  "s6-overlay-suexec",
  "systemd",
  "openrc-init",
  "runit",
  "runit-init",
  "my_init",
  "dinit",
  "tini",
  "tini-static",
  "dumb-init",
  "catatonit",
]);

/** The init program that these words of a container start, itself or by a shell; undefined for any other program. */
export function initIn(words: readonly string[]): string | undefined {
  const [first = "", flag, script = ""] = words;
  const isShell = /^(?:\/\S*\/)?(?:ba|da)?sh$/.test(first) && flag === "-c";
  const program = isShell ? (/^(?:exec\s+)?(\S+)/.exec(script.trim())?.[1] ?? "") : first;
  return inits.has(program.split("/").at(-1) ?? "") ? program : undefined;
}

/** `can only run as pid 1`, `must be process no. 1`, `not pid 1`; systemd says it in its own way. */
const wantsFirst = new RegExp(
  [
    String.raw`\b(?:be|not|(?:be )?run(?:ning)? as|works? as) (?:the )?(?:pid|process)\s*(?:no\.?|number|id|#|=)?\s*1\b`,
    "telinit",
    "has not been booted with systemd",
  ].join("|"),
  "i",
);

/** True where a log says that its program has to be process 1; tini only warns of it. */
export const saysNotFirst = (lines: readonly string[]): boolean =>
  lines.some((line) => wantsFirst.test(line) && !/\btini\b/i.test(line));

/** The way out for a program that ended because mypaas is process 1, or may have; undefined where nothing speaks for it. */
export function initHint(
  { init }: { readonly init: boolean },
  program: readonly string[],
  lines: readonly string[],
): string | undefined {
  if (!init) return undefined;
  if (saysNotFirst(lines))
    return "set # mypaas.init = false: then the image's own program is process 1";
  const found = initIn(program);
  return found === undefined
    ? undefined
    : `if ${found} has to be process 1, set # mypaas.init = false`;
}
