#!/bin/sh
# Writes the site with the values of the environment.
set -eu
sed "s/@RELEASE@/$MYPAAS_RELEASE/" /etc/nginx/templates/site.template >/etc/nginx/sites-enabled/default
