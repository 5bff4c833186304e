import { cp, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { TestServer } from "../mypaas-e2e.ts";
import type { Source } from "../source-e2e.ts";

/** Puts one of the images beside this file on the laptop, as somebody's project. */
export async function takeApp(server: TestServer, name: string, base: string): Promise<Source> {
  const folder = await mkdtemp(join(server.instance.folder, `${name}-`));
  await cp(join(import.meta.dirname, name), folder, { recursive: true });
  const text = await readFile(join(folder, "Dockerfile"), "utf8");
  const key = (wanted: string) => new RegExp(`^# mypaas\\.${wanted} = (.+)$`, "m").exec(text)?.[1];
  await writeFile(join(folder, "Dockerfile"), text.replace(/^FROM apps$/m, `FROM ${base}`));
  return {
    service: key("servicename") ?? "",
    host: key("domain") ?? "",
    folder,
    write: (file, bytes) => writeFile(join(folder, file), bytes),
  };
}

/** Changes the Dockerfile of a project: `keys` are put before FROM, or taken away, and `lines` before ENTRYPOINT. */
export async function editApp(
  source: Source,
  change: { readonly add?: string; readonly remove?: string; readonly line?: string },
): Promise<void> {
  const { add, remove, line } = change;
  let text = await readFile(join(source.folder, "Dockerfile"), "utf8");
  if (remove !== undefined) text = text.replace(`# mypaas.${remove}\n`, "");
  if (add !== undefined) text = `# mypaas.${add}\n${text}`;
  if (line !== undefined) text = text.replace(/^ENTRYPOINT/m, `${line}\nENTRYPOINT`);
  await source.write("Dockerfile", text);
}
