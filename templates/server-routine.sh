#!/bin/sh
# Runs `logdb auto` in the image of the release that answers, and keeps what came of it in routine/last. A timer of the
# server calls it. It prints nothing unless it fails. Written by ai-deploy; a deploy replaces it.
set -u
folder=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd) && cd "$folder" || exit 1
[ -f state.json ] && [ -d logs ] || exit 0
{ mkdir -p -m 750 bundles && chown --reference=logs bundles; } || exit 1
mkdir -p -m 700 routine || exit 1

# A run that takes longer than the time between two is left alone.
exec 9>>routine/lock
flock -w 1 9 || exit 0

started=$(date +%s)
status=0
# It leaves the processor to the gateway, and ends before the next one begins.
LOGDB_RUN_OPTIONS='--cpu-shares 128 --memory 1g --pids-limit 512' \
  scripts/logdb auto --json --max-time 50m --wait 5m > routine/output 2> routine/problems < /dev/null || status=$?
{
  echo "started=$started"
  echo "ended=$(date +%s)"
  echo "exit_code=$status"
  echo "output=$(head -c 65536 routine/output | base64 -w0)"
  echo "problems=$(tail -c 4096 routine/problems | base64 -w0)"
} > routine/last.part && mv -f routine/last.part routine/last
[ "$status" = 0 ] || tail -n 5 routine/problems >&2
exit "$status"
