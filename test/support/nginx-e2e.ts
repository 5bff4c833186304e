import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { unpackPackage } from "../../scripts/machine/packages.ts";
import { here, there, type Namespace } from "./namespace-e2e.ts";

/** Ports of the nginx in the namespace: it comes from the one address or from the other. */
export const nginxPorts = { four: 8080, otherFour: 8081 } as const;

/** Debian's nginx as a proxy in front of a server, with the headers that its manual and everybody's configuration have. */
export async function startNginx(space: Namespace, httpPort: number) {
  const folder = await mkdtemp(join(tmpdir(), "t-e2eaddr-nginx-"));
  await unpackPackage("nginx", folder);
  const config = join(folder, "nginx.conf");
  await writeFile(config, configOf(folder, httpPort));
  const nginx = space.start(join(folder, "usr", "sbin", "nginx"), ["-p", folder, "-c", config]);
  return {
    remove: async () => {
      nginx.kill("SIGKILL");
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const configOf = (folder: string, httpPort: number): string => `
daemon off;
master_process off;
pid ${folder}/nginx.pid;
error_log ${folder}/error.log;
events {}
http {
  access_log off;
  ${["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((what) => `${what}_temp_path ${folder}/${what};`).join(" ")}
  proxy_http_version 1.1;
  proxy_set_header Host $host;
  proxy_set_header X-Real-IP $remote_addr;
  proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
  proxy_set_header X-Forwarded-Proto $scheme;
  ${(["four", "otherFour"] as const).map((from) => serverOf(from, httpPort)).join("\n  ")}
}
`;

const serverOf = (from: keyof typeof nginxPorts, httpPort: number): string =>
  `server { listen ${there.four}:${nginxPorts[from]}; location / { proxy_pass http://${here.four}:${httpPort}; proxy_bind ${there[from]}; } }`;
