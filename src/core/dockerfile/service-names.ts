import { bad, good, refuse, show, type Read } from "./values.ts";

const reserved = ["auto", "localhost", "mypaas", "receiver", "traefik"];

/** Reads a service name, which must be valid as a container name, a DNS name, an image name and in a Traefik label. */
export function readServiceName(text: string): Read<string> {
  const lower = text.toLowerCase();
  if (/^[A-Z0-9][A-Za-z0-9.-]*$/.test(text) && text !== lower)
    return bad("in lower case", text, `write: mypaas.servicename = ${lower.slice(0, 50)}`);
  if (!/^[a-z0-9][a-z0-9.-]*[a-z0-9]$/.test(text) || text.length > 50)
    return bad(
      "2 to 50 of a-z, 0-9, dot and hyphen, beginning and ending with a letter or digit",
      text,
    );
  const slug = slugOf(text);
  if (!/[a-z]/.test(slug)) return bad("a name with at least one letter", text);
  // Replicas are named web-r12-1 and Traefik's services web-r12, so such a name could equal one of another service.
  if (/-r\d+(-\d+)?$/.test(slug))
    return refuse(
      `"${show(text)}" ends like the name of a release`,
      "choose a name that does not end in -r and a number",
    );
  if (reserved.includes(slug) || slug.startsWith("mypaas-"))
    return refuse(`"${show(text)}" is reserved for mypaas`, "choose another name");
  return good(text);
}

/** The name inside Docker and Traefik. */
export const slugOf = (service: string): string => service.replaceAll(".", "-");
