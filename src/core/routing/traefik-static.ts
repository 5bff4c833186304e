import { parseDocument } from "yaml";
import type { InstanceConfig } from "../server/instance.ts";
import { label, networkName } from "../release/names.ts";

/** Traefik's static configuration: the template `traefik/traefik.yml` with this instance's values set, comments kept. */
export function traefikStatic(
  template: string,
  config: Pick<InstanceConfig, "instance" | "email">,
): string {
  const document = parseDocument(template);
  const [problem] = document.errors;
  if (problem !== undefined) throw problem;
  const set = (path: readonly string[], value: string): void => {
    // A path that the template does not have would be added silently, and ignored or refused by Traefik.
    if (!document.hasIn(path)) throw new Error(`traefik.yml has no ${path.join(".")}`);
    document.setIn(path, value);
  };
  const docker = ["providers", "docker"];
  set([...docker, "constraints"], `Label(\`${label.instance}\`, \`${config.instance}\`)`);
  set([...docker, "network"], networkName(config.instance));
  if (config.email === undefined) document.deleteIn(["certificatesResolvers"]);
  else set(["certificatesResolvers", "acme", "acme", "email"], config.email);
  return document.toString({ lineWidth: 0 });
}
