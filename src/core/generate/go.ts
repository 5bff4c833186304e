import { plainPath } from "./folder.ts";
import { cmd, cmdOf, copy, lines, type Asked, type Made } from "./instructions.ts";
import { Question } from "./question.ts";
import type { Folder } from "./folder.ts";

/** Every release of Go builds the modules of the ones before. */
const newestGo = 26;

/** Folders that programs read while they run. */
const dataFolders = ["assets", "migrations", "public", "static", "templates", "views", "web"];

/** A Go module. */
export function go({ folder, web, port }: Asked): Made {
  const mod = folder.text("go.mod") ?? "";
  const minor = Number(/^go\s+1\.(\d{1,3})/m.exec(mod)?.[1] ?? newestGo);
  const line = `1.${Math.max(minor, newestGo)}`;
  const main = mainOf(folder);
  const sums = folder.has("go.sum");
  const isC = /\bgithub\.com\/mattn\/go-sqlite3\b/.test(mod);
  const data = dataFolders.filter((name) =>
    folder.paths.some((path) => path.startsWith(`${name}/`)),
  );
  const framework = frameworks.find(([module]) => mod.includes(module))?.[1];
  return {
    what: `go (${[`1.${minor}`, framework].filter((word) => word !== undefined).join(", ")})`,
    ignore: [],
    notes: [],
    lines: lines(
      `FROM golang:${line} AS build`,
      "WORKDIR /src",
      "# The modules first: this step is done again only when they change.",
      copy(["go.mod", ...(sums ? ["go.sum"] : [])]),
      "RUN go mod download",
      "COPY . .",
      `RUN CGO_ENABLED=${isC ? 1 : 0} go build -trimpath -tags timetzdata -o /server ${main}`,
      "",
      "# What runs: the program, and the certificate authorities that it trusts.",
      "FROM debian:13-slim",
      "RUN useradd --home-dir /app --create-home app",
      "WORKDIR /app",
      "COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/",
      ...data.map((name) => `COPY --from=build --chown=app:app /src/${name} ./${name}`),
      "COPY --from=build /server /usr/local/bin/server",
      "USER app",
      `ENV PORT=${port}`,
      `EXPOSE ${port}`,
      web === undefined ? cmdOf(["server"]) : cmd(ownProgram(web, folder), "Procfile: web"),
    ),
  };
}

/** Heroku's way to name it: `bin/NAME`, NAME being a main package or the last word of the module. */
function ownProgram(web: string, folder: Folder): string {
  const mod = /^module\s+(\S+)/m
    .exec(folder.text("go.mod") ?? "")?.[1]
    ?.split("/")
    .at(-1);
  const [, name, rest = ""] = /^(?:\.\/)?(?:bin\/)?([\w.-]+)(\s.*)?$/.exec(web) ?? [];
  const isMain = folder.paths.some((path) => path.startsWith(`cmd/${name}/`));
  return name !== undefined && (isMain || name === mod) ? `server${rest}` : web;
}

const frameworks = [
  ["github.com/gin-gonic/gin", "gin"],
  ["github.com/labstack/echo", "echo"],
  ["github.com/gofiber/fiber", "fiber"],
  ["github.com/go-chi/chi", "chi"],
] as const;

function mainOf(folder: Folder): string {
  const isMain = (path: string) =>
    !path.endsWith("_test.go") && /^package main\b/m.test(folder.text(path) ?? "");
  if (folder.paths.some((path) => /^[^/]+\.go$/.test(path) && isMain(path))) return ".";
  const found = folder.paths
    .filter((path) => /^cmd\/[^/]+\/[^/]+\.go$/.test(path) && isMain(path))
    .map((path) => path.split("/").slice(0, 2).join("/"));
  const mains = [...new Set(found)];
  const usual = mains.find((path) => /^cmd\/(?:server|web|api|app)$/.test(path));
  const [main] = mains.length === 1 ? mains : [usual];
  if (main !== undefined) return `./${plainPath(main)}`;
  if (mains.length === 0)
    throw new Question(
      "go.mod: no package main in the folder itself or in cmd/NAME",
      "put the program into main.go or cmd/server/main.go, or write a Dockerfile",
    );
  throw new Question(
    `go.mod: which program is it, ${mains.map(plainPath).join(" or ")}?`,
    "call it cmd/server, or write a Dockerfile",
  );
}
