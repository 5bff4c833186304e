import { cmdOf, lines, type Asked, type Made } from "./instructions.ts";

/** A folder of files for browsers. */
export function site({ folder, port }: Asked): Made {
  const isHere = folder.has("index.html");
  const from = isHere ? "." : "public";
  return {
    what: "static files",
    lines: siteLines({ copy: `COPY ${from} /srv`, port, isApp: false }),
    ignore: ["Procfile", "README*", "LICENSE*", "node_modules"],
    notes: [],
  };
}

interface Site {
  readonly copy: string;
  readonly port: number;
  /** True where the program in the browser has addresses of its own, all served by index.html. */
  readonly isApp: boolean;
}

/** The stage that serves files. */
export function siteLines({ copy, port, isApp }: Site): readonly string[] {
  const directives = lines(
    `:${port}`,
    "root * /srv",
    "encode gzip",
    isApp && "try_files {path} /index.html",
    "file_server {",
    "hide .git .mypaas .dockerignore Dockerfile Caddyfile",
    "}",
  );
  const quoted = directives.map((line) => `  '${line}' \\`);
  return lines(
    "# A small web server with the files, and nothing else.",
    "FROM caddy:2-alpine",
    isApp && "# Addresses without a file get index.html, which knows them.",
    "RUN printf '%s\\n' \\",
    ...quoted,
    "  > /etc/caddy/Caddyfile",
    copy,
    "USER 1000:1000",
    `ENV PORT=${port}`,
    `EXPOSE ${port}`,
    cmdOf(["caddy", "run", "--config", "/etc/caddy/Caddyfile"]),
  );
}
