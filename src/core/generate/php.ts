import { cmdOf, lines, type Asked, type Made } from "./instructions.ts";
import { within } from "./data-files.ts";
import { readJson } from "./data-files.ts";
import { newest, phpLines } from "./versions.ts";

/** PHP behind Apache; `public/` is what visitors see where it has an index.php. */
export function php({ folder, port }: Asked): Made {
  const composer = folder.has("composer.json");
  const required = composer
    ? within(readJson(folder.text("composer.json") ?? "", "composer.json"), "require")
    : {};
  const asked = typeof required["php"] === "string" ? required["php"] : undefined;
  const version = newest(asked, phpLines);
  const root = folder.has("public/index.php") ? "/app/public" : "/app";
  const lock = folder.has("composer.lock");
  const framework =
    "laravel/framework" in required ? "laravel" : "slim/slim" in required ? "slim" : undefined;
  const words = [composer ? "composer" : undefined, framework].filter((one) => one !== undefined);
  return {
    what: words.length === 0 ? "php" : `php (${words.join(", ")})`,
    ignore: ["vendor", "Procfile"],
    notes: [
      ...(version.note === undefined ? [] : [version.note]),
      ...(composer && !lock
        ? ["composer.lock is missing: every build may take other versions"]
        : []),
    ],
    ...(framework === "laravel" && { keys: [["env", "APP_KEY"]] as const }),
    lines: lines(
      ...(composer
        ? lines(
            "FROM composer:2 AS build",
            "WORKDIR /app",
            "# The packages first: this step is done again only when they change.",
            `COPY composer.json ${lock ? "composer.lock " : ""}./`,
            "RUN composer install --no-dev --no-scripts --no-autoloader --no-interaction --ignore-platform-reqs",
            "COPY . .",
            "RUN composer dump-autoload --no-dev --optimize --no-scripts",
            "",
            "# What runs.",
          )
        : []),
      `FROM php:${version.line}-apache`,
      "WORKDIR /app",
      "# Apache serves this folder, on a port that needs no rights.",
      `RUN sed -i 's/^Listen 80$/Listen ${port}/' /etc/apache2/ports.conf \\`,
      `  && sed -i -e 's/:80>/:${port}>/' -e 's#/var/www/html#${root}#' /etc/apache2/sites-available/000-default.conf \\`,
      `  && printf '<Directory ${root}>\\n  Require all granted\\n  AllowOverride All\\n</Directory>\\nRedirectMatch 404 /\\\\.mypaas\\n' \\`,
      "    > /etc/apache2/conf-enabled/app.conf \\",
      "  && a2enmod -q rewrite",
      composer
        ? "COPY --from=build --chown=www-data:www-data /app ./"
        : "COPY --chown=www-data:www-data . .",
      "USER www-data",
      `ENV PORT=${port}`,
      `EXPOSE ${port}`,
      cmdOf(["apache2-foreground"]),
    ),
  };
}
