import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";

/** Files of the load's app by name; one plain program, so that no container spends its start on types and imports. */
export async function appFiles(
  image: string,
  comments: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const entry = join(import.meta.dirname, "app-main.ts");
  const format = { bundle: true, platform: "node", format: "esm", write: false } as const;
  const { outputFiles } = await build({ ...format, entryPoints: [entry] });
  const dockerfile = [
    ...comments.map((comment) => `# mypaas.${comment}`),
    `FROM ${image}`,
    "WORKDIR /app",
    "COPY . ./",
    'CMD ["node", "main.mjs"]',
    "",
  ];
  return new Map([
    ["Dockerfile", dockerfile.join("\n")],
    ["main.mjs", outputFiles.map(({ text }) => text).join("")],
  ]);
}

/** Writes the app as a laptop has it. */
export async function writeApp(
  folder: string,
  ...about: Parameters<typeof appFiles>
): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const [name, text] of await appFiles(...about)) await writeFile(join(folder, name), text);
}
