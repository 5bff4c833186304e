import { createHash } from "node:crypto";

/** The folder of a repository in the spool: named as that of a request, so that no name leads elsewhere. */
export const repositoryFolder = (repository: string): string =>
  createHash("sha256").update(`repository ${repository}`).digest("hex");
