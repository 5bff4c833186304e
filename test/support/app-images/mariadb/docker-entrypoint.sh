#!/bin/sh
# Root hands the data to the server's user and becomes that user; an empty folder becomes a database with the scripts in it.
set -eu
data=/var/lib/mysql
if [ "$(id -u)" = 0 ]; then
  find "$data" /run/mysqld ! -user mysql -exec chown mysql:mysql {} +
  exec gosu mysql "$0" "$@"
fi
if [ "$1" = mariadbd ] && [ ! -d "$data/mysql" ]; then
  mariadb-install-db --datadir="$data" --skip-test-db --auth-root-socket-user=mysql >/dev/null
  "$@" --skip-networking &
  server=$!
  until mariadb-admin ping >/dev/null 2>&1; do sleep 0.2; done
  {
    echo "CREATE DATABASE app; USE app;"
    cat /docker-entrypoint-initdb.d/*.sql
    echo "CREATE USER app@'%' IDENTIFIED BY '$MARIADB_PASSWORD'; GRANT ALL ON app.* TO app@'%';"
  } | mariadb
  kill "$server"
  wait "$server"
fi
exec "$@"
