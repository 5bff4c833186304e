#!/bin/sh
# Root hands the data to the server's user and becomes that user without any capability, for good.
set -eu
if [ "$1" = redis-server ] && [ "$(id -u)" = 0 ]; then
  find . ! -user redis -exec chown redis {} +
  exec setpriv --reuid=redis --regid=redis --clear-groups --no-new-privs \
    --inh-caps=-all --ambient-caps=-all --bounding-set=-all -- "$0" "$@"
fi
umask 0077
exec "$@"
