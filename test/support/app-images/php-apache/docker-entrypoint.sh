#!/bin/sh
# Puts the app into an empty volume, as the server's user, then starts the server.
set -eu
if [ "$1" = apache2-foreground ] && [ ! -e index.php ]; then
  cp -r /usr/src/app/. .
  mkdir -p uploads
  chown -R www-data:www-data .
  echo "copied the app into $(pwd)"
fi
exec "$@"
