#!/bin/sh
# As in the public image: flags and subcommands are arguments for traefik, anything else is a command.
set -e
if [ "${1#-}" != "$1" ]; then
  set -- traefik "$@"
elif traefik "$1" --help >/dev/null 2>&1; then
  set -- traefik "$@"
fi
exec "$@"
