#!/bin/sh
# Runs the scripts of a folder, then the server.
set -eu
if [ "$1" = nginx ]; then
  for script in /docker-entrypoint.d/*.sh; do "$script"; done
fi
exec "$@"
