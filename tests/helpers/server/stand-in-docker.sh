#!/bin/sh
# A stand-in for docker: it keeps one file a container in $STATE/containers, with its state, release and restart policy, and
# a list of image tags. It starts nothing. Every call that changes something is a line of $STATE/log.
STATE=$(dirname "$0")/state
containers=$STATE/containers
changed() { echo "$*" >> "$STATE/log"; }
field() { sed -n "${2}p" "$containers/$1" 2>/dev/null; }
put() { printf '%s\n%s\n%s\n' "$2" "$3" "$4" > "$containers/$1"; }
last() { eval "echo \${$#}"; }
case "$1" in
  version) echo 28.2.2 ;;
  info) echo / ;;
  network) ;;
  images)
    case "$4" in image=*) sed 's/^/image=/' "$STATE/tags" ;; *) cat "$STATE/tags" ;; esac ;;
  rmi) changed "rmi $2" ;;
  ps)
    # It has no second edge, which is what a name is asked for.
    case "$*" in *name=*) exit 0 ;; esac
    for file in "$containers"/ai-proxy-[0-9]*; do [ ! -f "$file" ] || basename "$file"; done ;;
  inspect)
    format=$3; shift 3
    for name; do
      [ -f "$containers/$name" ] || exit 1
      case "$format" in
        container=*) echo "container=$name $(field "$name" 1) $(field "$name" 2) $(field "$name" 3)" ;;
        '{{.State.Status}}'*Health*) field "$name" 1 ;;
        'container '*) echo "container $(field "$name" 1) 0 a-start" ;;
        *RestartPolicy*) field "$name" 3 ;;
        *Pid*) echo 0 ;;
        *Mounts*) field "$name" 2 ;;
        *Running*) [ "$(field "$name" 1)" = running ] && echo true || echo false ;;
        *Status*) field "$name" 1 ;;
      esac
    done ;;
  build) changed "build $5"; echo "${5#*:}" >> "$STATE/tags" ;;
  compose)
    [ "$2" != version ] || { echo 2.37.1; exit 0; }
    folder=$(dirname "$5"); changed "up $3"
    if [ "$3" = ai-proxy-edge ]; then
      put "$3" running "$(dirname "$folder")/certs" unless-stopped
      store=$(dirname "$folder")/certs/acme.json
      printf '{"letsencrypt":{"Certificates":[{"domain":{"main":"%s"}}]}}\n' "$(cat "$STATE/domain")" > "$store"
      chmod 600 "$store"
    elif [ -f "$STATE/crashes" ]; then put "$3" exited "$(basename "$folder")" no
    else put "$3" running "$(basename "$folder")" no
    fi ;;
  start | restart | unpause) changed "$1 $2"; put "$2" running "$(field "$2" 2)" "$(field "$2" 3)" ;;
  stop) name=$(last "$@"); changed "stop $name"; [ ! -f "$containers/$name" ] || put "$name" exited "$(field "$name" 2)" "$(field "$name" 3)" ;;
  update) name=$(last "$@"); changed "$2 $name"; put "$name" "$(field "$name" 1)" "$(field "$name" 2)" "${2#--restart=}" ;;
  rm)
    [ -f "$containers/$2" ] && [ "$(field "$2" 1)" != running ] || exit 1
    changed "rm $2"; rm "$containers/$2" ;;
  wait) while [ "$(field "$2" 1)" = running ]; do sleep 0.05; done ;;
  logs) echo 'a line of its log'; cat "$STATE/acme-log" ;;
  exec) [ ! -f "$STATE/inside" ] || [ "${5#*inside}" = "$5" ] || cat "$STATE/inside" ;;
  *) echo "stand-in docker: $*" >&2; exit 64 ;;
esac
