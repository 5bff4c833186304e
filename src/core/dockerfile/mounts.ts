/** A mount of a RUN instruction that asks the client of the build for something. */
export type RunMount =
  | { readonly type: "secret"; readonly id: string; readonly line: number }
  | { readonly type: "ssh"; readonly line: number };

/** The secrets and SSH agents for which an instruction asks, by the rules of BuildKit; `line` is where it begins. */
export function runMounts(instruction: string, line: number): readonly RunMount[] {
  const flags = /^run\s+((?:--\S+\s+)+)/i.exec(instruction)?.[1] ?? "";
  return flags.split(/\s+/).flatMap((flag) => {
    const written = /^--mount=(.*)$/.exec(flag)?.[1];
    return written === undefined ? [] : mountOf(written.replaceAll(/["']/g, ""), line);
  });
}

function mountOf(written: string, line: number): readonly RunMount[] {
  const fields = new Map(
    written.split(",").map((part) => {
      const at = part.indexOf("=");
      const [key, value] = at < 0 ? [part, ""] : [part.slice(0, at), part.slice(at + 1)];
      return [key.trim().toLowerCase(), value.trim()] as const;
    }),
  );
  const type = fields.get("type")?.toLowerCase();
  if (type === "ssh") return [{ type, line }];
  if (type !== "secret") return [];
  const first = (...keys: readonly string[]) =>
    keys.map((key) => fields.get(key)).find((value) => value !== undefined && value !== "");
  const target = first("target", "dst", "destination")?.split("/").at(-1);
  const id = first("source", "src", "id") ?? target ?? first("env");
  return id === undefined ? [] : [{ type, id, line }];
}
