#!/bin/sh
# Runs logdb in the image of the release that answers, as the owner of logs/. Written by ai-deploy; a deploy replaces it.
set -eu
folder=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
release=$(sed -n 's/.*"release": *"\([0-9-]*\)".*/\1/p' "$folder/state.json" | head -n 1)
image=$(sed -n 's/.*"image": *"\([^"]*\)".*/\1/p' "$folder/releases/$release/manifest.json")

settings=$(mktemp)
trap 'rm -f "$settings"' EXIT
has_dotenv=yes
if [ "${1:-}" = --no-dotenv ]; then
  has_dotenv=no
  shift
fi
# Variables whose names begin like this: those of .env, then those of the environment, which win.
add_settings() {
  if [ "$has_dotenv" = yes ] && [ -f "$folder/.env" ]; then
    sed -n "s/^ *\(export  *\)\{0,1\}\($1[A-Z0-9_]*\)=[\"']\{0,1\}\([^\"']*\)[\"']\{0,1\} *\$/\2=\3/p" "$folder/.env" >> "$settings"
  fi
  env | sed -n "/^$1[A-Z0-9_]*=/p" >> "$settings"
}
add_settings LOGDB_

# Only `auto` leaves this machine, and only for the bucket or the other machine that it copies bundles to. A folder for them may
# be anywhere here.
network=none
copies=
key=
case "${1:-auto}" in
  auto | -*)
    to=$(sed -n 's/^LOGDB_AUTO_TO= *//p' "$settings" | tail -n 1)
    before=
    for word; do
      case $word in --to=*) to=${word#--to=} ;; *) [ "$before" != --to ] || to=$word ;; esac
      before=$word
    done
    case $to in
      s3://*) network=host && add_settings BACKUP_S3_ ;;
      /*) [ ! -d "$to" ] || copies=$to ;;
      ssh://* | [!./]*:*)
        network=host && add_settings BACKUP_SSH_
        key=$(sed -n 's/^BACKUP_SSH_KEY=//p' "$settings" | tail -n 1)
        ;;
    esac
    ;;
esac

# Only mcp reads stdin that is not a terminal: any other verb would take it from a loop that calls this script.
terminal=
if [ -t 0 ] && [ -t 1 ]; then terminal=-it; elif [ "${1:-}" = mcp ]; then terminal=-i; fi
# The container's user may not read the key, so it comes on stdin: on no command line, and in no file that others can read.
if [ -n "$key" ] && [ -f "$key" ] && [ -r "$key" ]; then
  exec < "$key"
  terminal=-i
  echo BACKUP_SSH_KEY=- >> "$settings"
fi
status=0
# shellcheck disable=SC2086 # LOGDB_RUN_OPTIONS: limits that a caller sets, as words.
docker run --rm $terminal ${LOGDB_RUN_OPTIONS:-} --read-only --tmpfs /tmp --cap-drop ALL --security-opt no-new-privileges \
  --network "$network" --user "$(stat -c '%u:%g' "$folder/logs")" --env-file "$settings" -v "$folder:$folder" \
  ${copies:+-v "$copies:$copies"} -w "$folder" \
  "$image" node /app/dist/logdb/cli.js --no-dotenv "$@" || status=$?
exit "$status"
