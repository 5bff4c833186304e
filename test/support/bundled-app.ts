import { join } from "node:path";
import { build } from "esbuild";

/** An app with all that it imports as one CommonJS file, so that its image is built without a registry of packages. */
export async function bundledApp(source: string): Promise<Uint8Array> {
  const { outputFiles } = await build({
    stdin: { contents: source, resolveDir: join(import.meta.dirname, "../..") },
    bundle: true,
    write: false,
    platform: "node",
    format: "cjs",
    // ws asks for them and does without.
    external: ["bufferutil", "utf-8-validate"],
    logLevel: "error",
  });
  const [file] = outputFiles;
  if (file === undefined) throw new Error("esbuild wrote no file");
  return file.contents;
}
