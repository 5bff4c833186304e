import type { Folder } from "../folder.ts";
import { plainPath } from "../folder.ts";
import { Question } from "../question.ts";
import type { Project } from "./project.ts";

/** How a Python program starts. */
export interface Application {
  readonly framework: string | undefined;
  readonly start: string;
  /** The server that it needs besides its own packages. */
  readonly server: "gunicorn" | "uvicorn" | undefined;
}

interface Of {
  readonly folder: Folder;
  readonly project: Project;
  readonly port: number;
}

/** Finds the application and the server for it; throws Question where nothing tells. */
export function findApplication({ folder, project, port }: Of): Application {
  const wsgi = (app: string) => `gunicorn ${app} --bind 0.0.0.0:${port}`;
  const asgi = (app: string) => `uvicorn ${app} --host 0.0.0.0 --port ${port}`;
  const settings = djangoSettings(folder);
  if (settings !== undefined) {
    const top = settings
      .split(".")
      .slice(0, settings.endsWith(".settings") ? -1 : -2)
      .join(".");
    return { framework: "django", start: wsgi(`${top}.wsgi`), server: "gunicorn" };
  }
  const found = (pattern: RegExp) => objectIn(folder, pattern);
  for (const [name, pattern] of asgiKinds) {
    const app = project.has(name) || name !== "starlette" ? found(pattern) : undefined;
    if (app !== undefined) return { framework: name, start: asgi(app), server: "uvicorn" };
  }
  const flask = found(/^(\w+)\s*(?::\s*[\w.]+\s*)?=\s*(?:flask\.)?Flask\(/m) ?? factoryIn(folder);
  if (flask !== undefined) return { framework: "flask", start: wsgi(flask), server: "gunicorn" };
  const script = ["main.py", "app.py", "server.py", "streamlit_app.py"].find(folder.has);
  if (script !== undefined && project.has("streamlit"))
    return {
      framework: "streamlit",
      start: `streamlit run ${script} --server.address 0.0.0.0 --server.port ${port}`,
      server: undefined,
    };
  if (script !== undefined)
    return { framework: undefined, start: `python ${script}`, server: undefined };
  throw new Question(
    "python: nothing tells how the program starts",
    "add a file Procfile with a line such as: web: gunicorn app:app --bind 0.0.0.0:$PORT",
  );
}

/** The module of the settings that manage.py names. */
export const djangoSettings = (folder: Folder): string | undefined =>
  /DJANGO_SETTINGS_MODULE["'],\s*["']([\w.]+)["']/.exec(folder.text("manage.py") ?? "")?.[1];

const asgiKinds = [
  ["fastapi", /^(\w+)\s*(?::\s*[\w.]+\s*)?=\s*(?:fastapi\.)?FastAPI\(/m],
  ["starlette", /^(\w+)\s*(?::\s*[\w.]+\s*)?=\s*Starlette\(/m],
  ["litestar", /^(\w+)\s*(?::\s*[\w.]+\s*)?=\s*Litestar\(/m],
] as const;

const usual = [
  "main.py",
  "app.py",
  "server.py",
  "wsgi.py",
  "asgi.py",
  "api.py",
  "run.py",
  "application.py",
];

/** Files that may hold the application: usual names first, then those of packages. */
function candidates(folder: Folder): readonly string[] {
  const below = folder.paths.filter(
    (path) =>
      /^(?:[A-Za-z_]\w*\/){1,2}(?:main|app|server|api|wsgi|asgi|__init__)\.py$/.test(path) &&
      !/^(?:tests?|docs|examples?)\//.test(path),
  );
  return [...usual.filter(folder.has), ...below.toSorted((a, b) => a.length - b.length)];
}

function objectIn(folder: Folder, pattern: RegExp): string | undefined {
  for (const path of candidates(folder)) {
    const name = pattern.exec(folder.text(path) ?? "")?.[1];
    if (name !== undefined) return `${moduleOf(path)}:${name}`;
  }
  return undefined;
}

function factoryIn(folder: Folder): string | undefined {
  for (const path of candidates(folder)) {
    const name = /^def (create_app|make_app)\(/m.exec(folder.text(path) ?? "")?.[1];
    if (name !== undefined) return `${moduleOf(path)}:${name}()`;
  }
  return undefined;
}

/** `src` is no package, so it goes where the code does not say so. */
const moduleOf = (path: string): string =>
  plainPath(path)
    .replace(/(?:\/__init__)?\.py$/, "")
    .replaceAll("/", ".");
