#!/bin/sh
# Stands for Docker where a test needs `docker images`, `docker image inspect` and `docker run ... node ...` only: it has one image,
# ai-proxy:0123456789ab, and runs the code here, on the mounted folders, in place of the paths that they have in a container.
[ "$1" != images ] || { case $4 in image=*) echo image=0123456789ab ;; *) echo 0123456789ab ;; esac; exit; }
if [ "$1 $2" = "image inspect" ]; then [ "$3" = ai-proxy:0123456789ab ]; exit; fi
# Each of its containers is this machine.
case "$*" in inspect*IPAddress*) echo 127.0.0.1; exit ;; esac
[ "$1" = run ] || exit 1
mounts=
while [ $# -gt 0 ] && [ "$1" != node ]; do
  case $1 in
    -v) mounts="$mounts $2"; shift ;;
    -e) export "${2?}"; shift ;;
  esac
  shift
done
shift
here() {
  for mount in $mounts; do
    mount=${mount%:ro}
    case $1 in "${mount#*:}" | "${mount#*:}"/*) echo "${mount%%:*}${1#"${mount#*:}"}"; return ;; esac
  done
  echo "$1"
}
count=$#
while [ "$count" -gt 0 ]; do
  argument=$1; shift
  case $argument in
    /app/dist/*.js) set -- "$@" "$COMPILED/${argument#/app/}" ;;
    /*) set -- "$@" "$(here "$argument")" ;;
    *) set -- "$@" "$argument" ;;
  esac
  count=$((count - 1))
done
exec node "$@"
