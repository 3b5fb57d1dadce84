#!/bin/sh
# Runs logdb in the image of the release that answers, as the owner of logs/. Written by ai-deploy; a deploy replaces it.
set -eu
folder=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
release=$(sed -n 's/.*"release": *"\([0-9-]*\)".*/\1/p' "$folder/state.json" | head -n 1)
image=$(sed -n 's/.*"image": *"\([^"]*\)".*/\1/p' "$folder/releases/$release/manifest.json")

# LOGDB_* of .env, unless --no-dotenv comes first, then those of the environment, which win.
settings=$(mktemp)
trap 'rm -f "$settings"' EXIT
if [ "${1:-}" = --no-dotenv ]; then
  shift
elif [ -f "$folder/.env" ]; then
  sed -n "s/^ *\(export  *\)\{0,1\}\(LOGDB_[A-Z_]*\)=[\"']\{0,1\}\([^\"']*\)[\"']\{0,1\} *\$/\2=\3/p" "$folder/.env" >> "$settings"
fi
env | sed -n '/^LOGDB_[A-Z_]*=/p' >> "$settings"

# Only mcp reads stdin that is not a terminal: any other verb would take it from a loop that calls this script.
terminal=
if [ -t 0 ] && [ -t 1 ]; then terminal=-it; elif [ "${1:-}" = mcp ]; then terminal=-i; fi
status=0
# shellcheck disable=SC2086 # LOGDB_RUN_OPTIONS: limits that a caller sets, as words.
docker run --rm $terminal ${LOGDB_RUN_OPTIONS:-} --read-only --tmpfs /tmp --cap-drop ALL --security-opt no-new-privileges --network none \
  --user "$(stat -c '%u:%g' "$folder/logs")" --env-file "$settings" -v "$folder:$folder" -w "$folder" \
  "$image" node /app/dist/logdb/cli.js --no-dotenv "$@" || status=$?
exit "$status"
