import { cmd, cmdOf, copy, lines, type Asked, type Made } from "./instructions.ts";
import { Question } from "./question.ts";
import { newest, rubyLines } from "./versions.ts";

/** A Ruby program with a Gemfile: Rails, or anything that Rack serves. */
export function ruby({ folder, web, port }: Asked): Made {
  const gemfile = folder.text("Gemfile") ?? "";
  const lock = folder.has("Gemfile.lock") ? (folder.text("Gemfile.lock") ?? "") : undefined;
  const has = (gem: string) =>
    new RegExp(`^\\s*gem\\s*\\(?\\s*["']${gem}["']`, "m").test(gemfile) ||
    new RegExp(`^ {4}${gem} \\(`, "m").test(lock ?? "");
  const asked =
    folder
      .text(".ruby-version")
      ?.trim()
      .replace(/^ruby-/, "") ??
    /^ {3}ruby (\d+\.\d+)/m.exec(lock ?? "")?.[1] ??
    /^\s*ruby ["']([^"']+)["']/m.exec(gemfile)?.[1];
  const version = newest(asked, rubyLines);
  const isRails = has("rails") || has("railties");
  const start = startOf({ folder, web, port, has, isRails });
  const needsDatabase = ["pg", "mysql2", "trilogy"].some(has);
  const hasJs = isRails && folder.has("package.json") && !has("importmap-rails");
  const assets = isRails && ["sprockets-rails", "propshaft", "sprockets"].some(has);
  const framework = ["rails", "sinatra", "hanami", "roda", "grape"].find(has) ?? "rack";
  if (hasJs)
    throw new Question(
      "Gemfile and package.json: assets that npm builds need a Dockerfile of their own",
      "write a Dockerfile; rails new makes one since Rails 7.1",
    );
  const secret = folder.has("config/credentials.yml.enc") ? "RAILS_MASTER_KEY" : "SECRET_KEY_BASE";
  const isMigrated =
    isRails && needsDatabase && folder.paths.some((one) => one.startsWith("db/migrate/"));
  const environment = `RACK_ENV=production${isRails ? " RAILS_ENV=production RAILS_LOG_TO_STDOUT=1 RAILS_SERVE_STATIC_FILES=1" : ""}`;
  return {
    what: `ruby (bundler, ${framework})`,
    ignore: [".bundle", "vendor/bundle", "log", "tmp", "config/master.key", "config/*.key"],
    notes: [
      ...(version.note === undefined ? [] : [version.note]),
      ...(lock === undefined
        ? ["Gemfile.lock is missing: every build may take other versions"]
        : []),
      ...(isRails && !needsDatabase && has("sqlite3")
        ? [
            "the database is a file of the container: each release begins without it, unless a volume keeps it, such as # mypaas.volume = storage:/app/storage",
          ]
        : []),
    ],
    keys: [
      ...(isRails ? ([["env", secret]] as const) : []),
      ...(isMigrated ? ([["release", "bundle exec rails db:prepare"]] as const) : []),
    ],
    lines: lines(
      "# Gems that are written in C need its compiler, so they are built here.",
      `FROM ruby:${version.line} AS build`,
      "WORKDIR /app",
      "ENV BUNDLE_WITHOUT=development:test BUNDLE_PATH=/gems",
      "# The gems first: this step is done again only when they change.",
      copy(["Gemfile", ...(lock === undefined ? [] : ["Gemfile.lock"])]),
      "RUN bundle install",
      "COPY . .",
      assets &&
        "RUN SECRET_KEY_BASE_DUMMY=1 RAILS_ENV=production bundle exec rails assets:precompile",
      "",
      "# What runs.",
      `FROM ruby:${version.line}${needsDatabase ? "" : "-slim"}`,
      "RUN useradd --home-dir /app --create-home app",
      "WORKDIR /app",
      "ENV BUNDLE_WITHOUT=development:test BUNDLE_PATH=/gems",
      `ENV ${environment} PORT=${port}`,
      "COPY --from=build /gems /gems",
      "COPY --from=build --chown=app:app /app ./",
      "USER app",
      `EXPOSE ${port}`,
      start,
    ),
  };
}

interface Start extends Asked {
  readonly has: (gem: string) => boolean;
  readonly isRails: boolean;
}

function startOf({ folder, web, port, has, isRails }: Start): string {
  if (web !== undefined) return cmd(web, "Procfile: web");
  if (isRails) return cmdOf(`bundle exec rails server -b 0.0.0.0 -p ${port}`.split(" "));
  if (folder.has("config.ru"))
    return cmd(
      has("puma")
        ? `bundle exec puma -b tcp://0.0.0.0:${port}`
        : `bundle exec rackup -o 0.0.0.0 -p ${port}`,
      "config.ru",
    );
  const script = ["app.rb", "main.rb", "server.rb"].find(folder.has);
  if (script !== undefined && has("sinatra"))
    return cmd(`bundle exec ruby ${script} -o 0.0.0.0 -p ${port}`, script);
  if (script !== undefined) return cmd(`bundle exec ruby ${script}`, script);
  throw new Question(
    "Gemfile: nothing tells how the program starts",
    "add a config.ru, or a file Procfile with a line such as: web: bundle exec ruby server.rb",
  );
}
