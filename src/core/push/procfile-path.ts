import { posix } from "node:path";
import { procfileName } from "../dockerfile/procfile.ts";

/** Folder of a Dockerfile that is outside the context, or that mypaas has made. */
export const reservedFolder = ".mypaas";

/** Where a Procfile is sent that is not a part of the build context. */
export const reservedProcfile = `${reservedFolder}/${procfileName}`;

/** Where the Procfile of a Dockerfile is in a build context: beside it, or at the top where the Dockerfile itself is from elsewhere. */
export function procfilePath(dockerfile: string): string {
  const folder = posix.dirname(dockerfile);
  return folder === reservedFolder ? procfileName : posix.join(folder, procfileName);
}
