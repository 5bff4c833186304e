import { mustRun } from "../scripts/machine/run.ts";
import { compare, timed } from "./ratio.ts";

/** `mypaas --version` as shipped, against Node doing nothing. */
export const startup = (program: string) =>
  compare(
    21,
    () => timed(() => mustRun(process.execPath, [program, "--version"])),
    () => timed(() => mustRun(process.execPath, ["-e", "0"])),
  );
