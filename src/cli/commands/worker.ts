import { defaultStateDir } from "../../core/server/instance.ts";
import type { CommandFile } from "../command.ts";

/** `mypaas worker`, which systemd starts; its body is in `src/worker/`. */
export const declaration: CommandFile = {
  options: [["--state <dir>", `the state of its instance (default: ${defaultStateDir})`]],
  run: async ({ state }: { readonly state?: string }, io, { roles }) => {
    await roles.worker({ stateDir: state ?? defaultStateDir }, io);
    return 0;
  },
};
