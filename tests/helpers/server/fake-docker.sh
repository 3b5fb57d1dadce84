#!/bin/sh
# Stands for Docker where a test needs `docker image inspect` and `docker run ... node -e CODE FROM TO` only: it has one
# image, ai-proxy:0123456789ab, and runs the code here, on the mounted folders.
if [ "$1 $2" = "image inspect" ]; then [ "$3" = ai-proxy:0123456789ab ]; exit; fi
[ "$1" = run ] || exit 1
code=
while [ $# -gt 0 ]; do
  case $1 in
    *:/logs/db) from=${1%:/logs/db} ;;
    *:/copy) to=${1%:/copy} ;;
    -e) code=$2; break ;;
  esac
  shift
done
exec node -e "$code" "$from" "$to"
