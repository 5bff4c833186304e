import { cmd, cmdOf, copy, lines, type Asked, type Made } from "../instructions.ts";
import type { Folder } from "../folder.ts";
import { newest, pythonLines } from "../versions.ts";
import { djangoSettings, findApplication, type Application } from "./application.ts";
import { readProject, type Project } from "./project.ts";

/** A Python program: Django, Flask, FastAPI, or a script. */
export function python({ folder, web, port }: Asked): Made {
  const project = readProject(folder);
  const version = newest(project.asked, pythonLines);
  const app: Application =
    web === undefined
      ? findApplication({ folder, project, port })
      : { framework: frameworkOf(project), start: web, server: undefined };
  const added = app.server !== undefined && !project.has(app.server) ? app.server : undefined;
  const django = djangoOf(folder, project);
  const words = [project.installer, app.framework].filter((word) => word !== undefined);
  // Their packages load libraries that the slim image lacks.
  const libraries = ["psycopg2", "mysqlclient", "weasyprint", "python-magic"].some(project.has);
  return {
    what: `python (${words.join(", ").replace(" of pyproject", "")})`,
    ignore: ["__pycache__", "*.pyc", ".venv", "venv", ".pytest_cache", ".mypy_cache"],
    notes: [
      ...(version.note === undefined ? [] : [version.note]),
      ...(added === undefined ? [] : [`${added} is not among the packages and is added`]),
      ...django.notes,
    ],
    ...(django.release && { keys: [["release", "python manage.py migrate --noinput"]] as const }),
    lines: lines(
      "# Packages that are written in C need its compiler, so they are built here.",
      `FROM python:${version.line} AS build`,
      "WORKDIR /app",
      ...installLines(project, folder),
      added !== undefined &&
        "# The server in front of the program, which is not among its packages.",
      added !== undefined &&
        `RUN ${project.installer === "uv" ? "uv pip install" : "pip install --no-cache-dir"} ${added}`,
      "",
      "# What runs.",
      `FROM python:${version.line}${libraries ? "" : "-slim"}`,
      "RUN useradd --home-dir /app --create-home app",
      "WORKDIR /app",
      "ENV PATH=/venv/bin:$PATH VIRTUAL_ENV=/venv PYTHONUNBUFFERED=1",
      "COPY --from=build /venv /venv",
      "COPY --chown=app:app . .",
      "USER app",
      `ENV PORT=${port}`,
      django.isCollected && "# The files of the admin pages and of the apps, in one folder.",
      django.isCollected &&
        "RUN SECRET_KEY=for-this-step-only python manage.py collectstatic --noinput",
      `EXPOSE ${port}`,
      web === undefined ? cmdOf(app.start.split(" ")) : cmd(web, "Procfile: web"),
    ),
  };
}

const frameworkOf = ({ has }: Project): string | undefined =>
  ["django", "fastapi", "flask", "starlette"].find(has);

/** Into one folder that the last stage takes over. */
const environment = [
  "RUN python -m venv /venv",
  "ENV PATH=/venv/bin:$PATH VIRTUAL_ENV=/venv",
] as const;
const first = "# The packages first: this step is done again only when they change.";

function installLines({ installer, isPackage }: Project, folder: Folder): readonly string[] {
  const lock = (file: string) => (folder.has(file) ? [file] : []);
  const frozen = folder.has("uv.lock") ? "--frozen " : "";
  switch (installer) {
    case "uv":
      return lines(
        "RUN pip install --no-cache-dir uv && python -m venv /venv",
        "ENV PATH=/venv/bin:$PATH VIRTUAL_ENV=/venv UV_PROJECT_ENVIRONMENT=/venv UV_PYTHON_DOWNLOADS=never",
        first,
        copy(["pyproject.toml", ...lock("uv.lock")]),
        `RUN uv sync ${frozen}--no-dev --no-cache --no-install-project`,
        ...(isPackage
          ? ["COPY . .", `RUN uv sync ${frozen}--no-dev --no-cache --no-editable`]
          : []),
      );
    case "poetry":
      return lines(
        "RUN pip install --no-cache-dir poetry",
        ...environment,
        first,
        copy(["pyproject.toml", ...lock("poetry.lock")]),
        "RUN poetry install --only main --no-root --no-interaction --no-cache",
      );
    case "pipenv":
      return lines(
        "RUN pip install --no-cache-dir pipenv",
        ...environment,
        first,
        copy(["Pipfile", ...lock("Pipfile.lock")]),
        folder.has("Pipfile.lock")
          ? "RUN pipenv requirements > /tmp/requirements.txt && pip install --no-cache-dir -r /tmp/requirements.txt"
          : "RUN pipenv install --skip-lock",
      );
    case "pip": {
      const isNested = /^\s*(?:-r|-c|-e|--requirement|--constraint|--editable|\.)/m.test(
        folder.text("requirements.txt") ?? "",
      );
      return lines(
        ...environment,
        ...(isNested
          ? ["# Its lines name other files.", "COPY . ."]
          : [first, copy(["requirements.txt"])]),
        "RUN pip install --no-cache-dir -r requirements.txt",
      );
    }
    case "pip of pyproject":
      return lines(...environment, "COPY . .", "RUN pip install --no-cache-dir .");
  }
}

/** Drivers of databases that are servers of their own. */
const drivers = ["psycopg", "psycopg2", "psycopg2-binary", "mysqlclient", "pymysql"];

function djangoOf(folder: Folder, { has }: Project) {
  const settings = djangoSettings(folder);
  if (settings === undefined) return { notes: [], release: false, isCollected: false };
  const path = settings.replaceAll(".", "/");
  const file = [`${path}.py`, `${path}/__init__.py`].find(folder.has) ?? "";
  const text = folder.text(file) ?? "";
  const isServer = drivers.some(has);
  return {
    notes: [
      ...(/^ALLOWED_HOSTS\s*=\s*\[\s*\]/m.test(text)
        ? [
            `${file}: ALLOWED_HOSTS is empty, so Django answers 400 to every visitor; write the domain into it`,
          ]
        : []),
      ...(/django\.db\.backends\.sqlite3/.test(text) && !isServer
        ? [
            "the database is a file of the container: each release begins without it, unless a volume keeps it, such as # mypaas.volume = data:/app/data",
          ]
        : []),
    ],
    // Migrating a file of the container would be for nothing.
    release: isServer,
    isCollected: /^STATIC_ROOT\s*=/m.test(text),
  };
}
