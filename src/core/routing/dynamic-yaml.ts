import { parseDocument, stringify } from "yaml";
import type { KeyPair } from "./routing-state.ts";
import type { DynamicConfig } from "./traefik-config.ts";

/** The text of the dynamic file. Traefik reads it as a Go template first, so `{{` in a value is escaped. */
export function dynamicYaml(config: DynamicConfig): string {
  const { http, ...rest } = config;
  // Traefik refuses the whole file for an empty section.
  const filled = Object.entries(http).filter(([, section]) => Object.keys(section).length > 0);
  const text = stringify(
    { http: Object.fromEntries(filled), ...rest },
    { lineWidth: 0, aliasDuplicateObjects: false },
  );
  return `# Written by mypaas at every step of a deploy; changes made here are lost.\n${text.replaceAll("{{", '{{"{{"}}')}`;
}

/** The same file with another default certificate. Undefined when it has that one already, or cannot be read. */
export function withCertificate(yaml: string, { cert, key }: KeyPair): string | undefined {
  const document = parseDocument(yaml);
  const path = ["tls", "stores", "default", "defaultCertificate"];
  if (document.errors.length > 0 || document.getIn([...path, "certFile"]) === cert)
    return undefined;
  document.setIn([...path, "certFile"], cert);
  document.setIn([...path, "keyFile"], key);
  return document.toString({ lineWidth: 0 });
}
