import { isBuiltin } from "node:module";
import { join } from "node:path";
import { build as bundle, type Plugin } from "esbuild";

/** Bundles the receiver, the relay or the egress proxy, with everything it needs into one file that runs on a bare Node. */
export async function bundleReceiver(
  root: string,
  program: "receiver" | "relay" | "egress" = "receiver",
): Promise<Buffer> {
  const { outputFiles } = await bundle({
    entryPoints: [join(root, "bin", `${program}.ts`)],
    absWorkingDir: root,
    bundle: true,
    write: false,
    platform: "node",
    target: "node24",
    format: "esm",
    plugins: [leanBuiltins],
    legalComments: "inline",
    logLevel: "error",
  });
  const file = outputFiles[0];
  if (!file) throw new Error("esbuild made no file");
  return Buffer.from(file.contents);
}

/** `import "node:http"` reads all its exports, also those that load megabytes when they are looked at; `getBuiltinModule` reads none. */
const leanBuiltins: Plugin = {
  name: "lean-builtins",
  setup(build) {
    build.onResolve({ filter: /.*/ }, ({ path }) =>
      isBuiltin(path) ? { path: path.replace(/^node:/, ""), namespace: "builtin" } : undefined,
    );
    build.onLoad({ filter: /.*/, namespace: "builtin" }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule(${JSON.stringify(`node:${path}`)});`,
    }));
  },
};
