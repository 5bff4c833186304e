/** Small folders without a Dockerfile, as people and generators of frameworks leave them: path → text. */
export type MadeFolder = Readonly<Record<string, string>>;

const json = (value: object): string => `${JSON.stringify(value, undefined, 2)}\n`;
const flask = `import flask

app = flask.Flask(__name__)


@app.get("/")
def index():
    return "flask"
`;
const manage = `import os, sys

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mysite.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)
`;
const djangoSettings = (hosts: string, more = ""): string => `from pathlib import Path
import os

BASE_DIR = Path(__file__).resolve().parent.parent
SECRET_KEY = os.environ.get("SECRET_KEY", "django-insecure-for-the-test")
ALLOWED_HOSTS = ${hosts}
ROOT_URLCONF = "mysite.urls"
INSTALLED_APPS = ["django.contrib.staticfiles"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": BASE_DIR / "db.sqlite3"}}
STATIC_URL = "static/"
${more}`;
const server = `require("node:http")
  .createServer((asked, answer) => answer.end("node"))
  .listen(process.env.PORT ?? 3000);
`;
const goMain = `package main

import (
	"fmt"
	"net/http"
	"os"
)

func main() {
	http.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "go") })
	http.ListenAndServe(":"+os.Getenv("PORT"), nil)
}
`;

const node = {
  "node-express": {
    "package.json": json({
      name: "shop",
      scripts: { start: "node server.js" },
      dependencies: { express: "4.21.2" },
      engines: { node: ">=20" },
    }),
    "package-lock.json": "{}\n",
    "server.js": `const express = require("express");
const app = express();
app.get("/", (asked, answer) => answer.send("express"));
app.listen(process.env.PORT ?? 3000);
`,
  },
  "node-express-generator": {
    "package.json": json({
      name: "myapp",
      version: "0.0.0",
      private: true,
      scripts: { start: "node ./bin/www" },
      dependencies: { express: "~4.16.1", jade: "~1.11.0" },
    }),
    "app.js": "",
    "bin/www": "",
    "routes/index.js": "",
  },
  "node-fastify-cli": {
    "package.json": json({
      name: "api",
      main: "app.js",
      scripts: { test: "node --test", start: "fastify start -l info app.js" },
      dependencies: { fastify: "^5.0.0", "fastify-cli": "^7.3.0" },
    }),
    "package-lock.json": "{}\n",
    "app.js": "",
  },
  "node-nest": {
    "package.json": json({
      name: "nest",
      scripts: { build: "nest build", start: "nest start", "start:prod": "node dist/main" },
      dependencies: { "@nestjs/core": "^11.0.1" },
      devDependencies: { "@nestjs/cli": "^11.0.0", typescript: "^5.7.3" },
    }),
    "package-lock.json": "{}\n",
    "nest-cli.json": "{}\n",
    "src/main.ts": "",
  },
  "node-next": {
    "package.json": json({
      name: "my-app",
      scripts: { dev: "next dev", build: "next build", start: "next start" },
      dependencies: { next: "16.0.0", react: "19.2.0" },
      devDependencies: { typescript: "^5" },
    }),
    "pnpm-lock.yaml": "lockfileVersion: '9.0'\n",
    "pnpm-workspace.yaml": "ignoredBuiltDependencies:\n  - sharp\n",
    "next.config.ts": "export default {};\n",
  },
  "node-next-standalone": {
    "package.json": json({
      scripts: { build: "next build", start: "next start" },
      dependencies: { next: "16.0.0" },
    }),
    "package-lock.json": "{}\n",
    "next.config.mjs": 'export default { output: "standalone" };\n',
    "public/next.svg": "",
  },
  "node-next-export": {
    "package.json": json({
      scripts: { build: "next build", start: "next start" },
      dependencies: { next: "16.0.0" },
    }),
    "package-lock.json": "{}\n",
    "next.config.mjs": "export default { output: 'export' };\n",
  },
  "node-nuxt": {
    "package.json": json({
      name: "nuxt-app",
      type: "module",
      scripts: { build: "nuxt build", dev: "nuxt dev", postinstall: "nuxt prepare" },
      dependencies: { nuxt: "^4.2.0", vue: "^3.5.0" },
    }),
    "package-lock.json": "{}\n",
    "nuxt.config.ts": "export default defineNuxtConfig({});\n",
  },
  "node-sveltekit": {
    "package.json": json({
      scripts: { dev: "vite dev", build: "vite build", preview: "vite preview" },
      devDependencies: { "@sveltejs/kit": "^2", "@sveltejs/adapter-node": "^5", vite: "^7" },
    }),
    "package-lock.json": "{}\n",
    "svelte.config.js": "import adapter from '@sveltejs/adapter-node';\n",
  },
  "node-sveltekit-auto": {
    "package.json": json({
      scripts: { dev: "vite dev", build: "vite build" },
      devDependencies: { "@sveltejs/kit": "^2", "@sveltejs/adapter-auto": "^7", vite: "^7" },
    }),
    "svelte.config.js": "import adapter from '@sveltejs/adapter-auto';\n",
  },
  "node-vite-react": {
    "package.json": json({
      name: "vite-project",
      type: "module",
      scripts: { dev: "vite", build: "vite build", preview: "vite preview" },
      dependencies: { react: "^19.2.0" },
      devDependencies: { vite: "^7.2.2" },
    }),
    "package-lock.json": "{}\n",
    "index.html": '<div id="root"></div><script type="module" src="/src/main.js"></script>\n',
    "src/main.js": 'document.title = "vite";\n',
  },
  "node-create-react-app": {
    "package.json": json({
      scripts: { start: "react-scripts start", build: "react-scripts build" },
      dependencies: { "react-scripts": "5.0.1" },
    }),
    "yarn.lock": "# yarn lockfile v1\n",
    "public/index.html": "",
  },
  "node-astro": {
    "package.json": json({
      type: "module",
      scripts: { dev: "astro dev", build: "astro build", start: "astro dev" },
      dependencies: { astro: "^5.15.0" },
    }),
    "pnpm-lock.yaml": "lockfileVersion: '9.0'\n",
    "astro.config.mjs": "export default {};\n",
  },
  "node-astro-server": {
    "package.json": json({
      scripts: { build: "astro build" },
      dependencies: { astro: "^5.15.0", "@astrojs/node": "^9" },
    }),
    "package-lock.json": "{}\n",
  },
  "node-angular": {
    "package.json": json({
      scripts: { start: "ng serve", build: "ng build" },
      dependencies: { "@angular/core": "^20.3.0" },
      devDependencies: { "@angular/cli": "^20.3.0" },
    }),
    "package-lock.json": "{}\n",
    "angular.json": json({
      projects: { shop: { architect: { build: { builder: "@angular/build:application" } } } },
    }),
  },
  "node-react-router": {
    "package.json": json({
      scripts: { build: "react-router build", start: "react-router-serve ./build/server/index.js" },
      dependencies: { "@react-router/serve": "^7.9.2" },
      devDependencies: { "@react-router/dev": "^7.9.2", vite: "^7" },
    }),
    "package-lock.json": "{}\n",
  },
  "node-yarn-berry": {
    "package.json": json({
      packageManager: "yarn@4.9.1",
      scripts: { build: "tsc", start: "node dist/index.js" },
      devDependencies: { typescript: "^5" },
    }),
    "yarn.lock": "__metadata:\n  version: 8\n",
    ".yarnrc.yml": "enableTelemetry: false\n",
  },
  "node-typescript-tsx": {
    "package.json": json({
      scripts: { start: "tsx src/index.ts" },
      dependencies: { hono: "^4" },
      devDependencies: { tsx: "^4.20.0" },
    }),
    "package-lock.json": "{}\n",
    "src/index.ts": "",
  },
  "node-shell-start": {
    "package.json": json({
      scripts: {
        prestart: "node check.js",
        start: 'NODE_ENV=production node "my server.js" $FLAGS',
      },
    }),
    "package-lock.json": "{}\n",
  },
  "node-without-script": { "package.json": json({ name: "one" }), "server.js": server },
  "node-nothing-to-start": { "package.json": json({ name: "library", main: "lib.js" }) },
  "node-two-lock-files": {
    "package.json": json({ scripts: { start: "node server.js" } }),
    "package-lock.json": "{}\n",
    "yarn.lock": "",
    "server.js": server,
  },
  "node-old": {
    "package.json": json({ engines: { node: "14.x" }, scripts: { start: "node server.js" } }),
    "package-lock.json": "{}\n",
  },
  "node-bun": {
    "package.json": json({ scripts: { start: "bun index.ts" } }),
    "bun.lock": "{}\n",
  },
} satisfies Readonly<Record<string, MadeFolder>>;

const python = {
  "python-flask": { "requirements.txt": "flask==3.1.2\n", "app.py": flask },
  "python-flask-factory": {
    "requirements.txt": "Flask\ngunicorn\n",
    "flaskr/__init__.py":
      "from flask import Flask\n\n\ndef create_app(test_config=None):\n    return Flask(__name__)\n",
  },
  "python-fastapi-uv": {
    "pyproject.toml": `[project]
name = "api"
version = "0.1.0"
requires-python = ">=3.11"
dependencies = ["fastapi>=0.100", "uvicorn"]
`,
    "uv.lock": "version = 1\n",
    "main.py": `from fastapi import FastAPI

app = FastAPI()


@app.get("/")
def index():
    return {"from": "fastapi"}
`,
  },
  "python-poetry": {
    "pyproject.toml": `[tool.poetry]
name = "bot"
version = "0.1.0"
package-mode = false

[tool.poetry.dependencies]
python = "^3.11"
starlette = "*"
`,
    "poetry.lock": "",
    "app/main.py": "from starlette.applications import Starlette\n\napp = Starlette()\n",
  },
  "python-pipenv": {
    Pipfile: '[packages]\nflask = "*"\n\n[requires]\npython_version = "3.12"\n',
    "Pipfile.lock": "{}\n",
    "app.py": flask,
  },
  "python-pyproject": {
    "pyproject.toml": `[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "tool"
version = "1"
dependencies = ["litestar"]
`,
    "tool/app.py": "from litestar import Litestar\n\napp = Litestar()\n",
  },
  "python-django": {
    "requirements.txt": "Django>=5.0,<5.3\ngunicorn\nwhitenoise\n",
    "manage.py": manage,
    "mysite/__init__.py": "",
    "mysite/settings.py": djangoSettings('["*"]', 'STATIC_ROOT = BASE_DIR / "static"\n'),
    "mysite/urls.py": `from django.http import HttpResponse
from django.urls import path

urlpatterns = [path("", lambda asked: HttpResponse("django"))]
`,
    "mysite/wsgi.py": `import os
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mysite.settings")
application = get_wsgi_application()
`,
    "package.json": json({ devDependencies: { tailwindcss: "^4" } }),
  },
  "python-django-startproject": {
    "requirements.txt": "django\npsycopg2\n",
    "manage.py": manage,
    "mysite/settings.py": djangoSettings("[]"),
    "mysite/wsgi.py": "",
  },
  "python-streamlit": {
    "requirements.txt": "streamlit\n",
    "streamlit_app.py": 'import streamlit as st\n\nst.write("hello")\n',
  },
  "python-script": { "requirements.txt": "", "main.py": "print('hello')\n" },
  "python-procfile": {
    "requirements.txt": "-r base.txt\ngunicorn\n",
    "base.txt": "flask\n",
    "runtime.txt": "python-3.12.4\n",
    Procfile: `# mypaas.servicename = blog
# mypaas.domain = blog.example.com
# mypaas.https = true
web: gunicorn app:app --bind 0.0.0.0:$PORT --workers 2
release: python migrate.py
worker: python worker.py
`,
  },
  "python-nothing-to-start": { "requirements.txt": "requests\n", "lib/tools.py": "" },
  "python-two-lock-files": {
    "pyproject.toml": '[project]\nname = "api"\n',
    "uv.lock": "",
    "poetry.lock": "",
  },
} satisfies Readonly<Record<string, MadeFolder>>;

const others = {
  "go-main": { "go.mod": "module example.com/hello\n\ngo 1.19\n", "main.go": goMain },
  "go-gin": {
    "go.mod": "module example.com/api\n\ngo 1.24.1\n\nrequire github.com/gin-gonic/gin v1.10.0\n",
    "go.sum": "",
    "cmd/server/main.go": goMain,
    "cmd/migrate/main.go": "package main\n\nfunc main() {}\n",
    "templates/index.html": "<h1>hello</h1>\n",
  },
  "go-which-program": {
    "go.mod": "module example.com/two\n\ngo 1.25\n",
    "cmd/left/main.go": "package main\n\nfunc main() {}\n",
    "cmd/right/main.go": "package main\n\nfunc main() {}\n",
  },
  "ruby-sinatra": {
    Gemfile: 'source "https://rubygems.org"\n\ngem "sinatra"\ngem "puma"\n',
    "app.rb": 'require "sinatra"\n\nget("/") { "sinatra" }\n',
    "config.ru": 'require "./app"\nrun Sinatra::Application\n',
  },
  "ruby-rails": {
    Gemfile:
      'source "https://rubygems.org"\n\nruby "3.3.6"\ngem "rails", "~> 8.0"\ngem "pg"\ngem "puma"\ngem "propshaft"\ngem "importmap-rails"\n',
    "Gemfile.lock": "GEM\n  specs:\n    rails (8.0.1)\n",
    "config.ru": "",
    "config/credentials.yml.enc": "",
    "db/migrate/20260101000000_create_posts.rb": "",
  },
  "php-plain": { "index.php": '<?php echo "php";\n', "style.css": "body {}\n" },
  "php-slim": {
    "composer.json": json({ require: { php: "^8.2", "slim/slim": "4.*" } }),
    "composer.lock": "{}\n",
    "public/index.php": "<?php\n",
  },
  "static-site": {
    "index.html": "<h1>static</h1>\n",
    "style.css": "h1 { color: teal }\n",
    "about/index.html": "<h1>about</h1>\n",
  },
  "static-public": { "public/index.html": "<h1>hello</h1>\n", "README.md": "# hello\n" },
  "rust-program": { "Cargo.toml": '[package]\nname = "api"\n' },
  "program-below": { "README.md": "", "backend/requirements.txt": "flask\n" },
  "nothing-known": { "README.md": "# notes\n" },
} satisfies Readonly<Record<string, MadeFolder>>;

export const madeFolders: Readonly<Record<string, MadeFolder>> = { ...node, ...python, ...others };
