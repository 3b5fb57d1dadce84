#!/bin/sh
# A stand-in for docker: it keeps one file a container in $STATE/containers, with its state, release and restart policy, and
# a list of image tags. It starts nothing. Every call that changes something is a line of $STATE/log. A deploy calls it some 30
# times, so it works without other programs where it can.
STATE=${0%/*}/state
containers=$STATE/containers
changed() { echo "$*" >> "$STATE/log"; }
# Reads a container into $status, $release and $policy, all empty if there is none.
look() {
  status='' release='' policy=''
  [ ! -f "$containers/$1" ] || { read -r status; read -r release; read -r policy; } < "$containers/$1"
}
put() { printf '%s\n%s\n%s\n' "$2" "$3" "$4" > "$containers/$1"; }
last() { eval "name=\${$#}"; }
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
    for file in "$containers"/ai-proxy-[0-9]*; do [ ! -f "$file" ] || echo "${file##*/}"; done ;;
  inspect)
    format=$3; shift 3
    for name; do
      [ -f "$containers/$name" ] || exit 1
      look "$name"
      case "$format" in
        container=*) echo "container=$name $status $release $policy" ;;
        '{{.State.Status}}'*Health*) echo "$status" ;;
        'container '*) echo "container $status 0 a-start" ;;
        *RestartPolicy*) echo "$policy" ;;
        '{{.Image}}') echo "id of traefik" ;;
        *Pid*) echo 0 ;;
        *Mounts*) echo "$release" ;;
        *Running*) [ "$status" = running ] && echo true || echo false ;;
        *Status*) echo "$status" ;;
      esac
    done ;;
  build) changed "build $5"; echo "${5#*:}" >> "$STATE/tags" ;;
  compose)
    [ "$2" != version ] || { echo 2.37.1; exit 0; }
    folder=${5%/*}; changed "up $3"
    if [ "$3" = ai-proxy-edge ]; then
      put "$3" running "${folder%/*}/certs" unless-stopped
      store=${folder%/*}/certs/acme.json
      read -r domain < "$STATE/domain" || :
      printf '{"letsencrypt":{"Certificates":[{"domain":{"main":"%s"}}]}}\n' "$domain" > "$store"
      chmod 600 "$store"
    elif [ -f "$STATE/crashes" ]; then put "$3" exited "${folder##*/}" no
    else put "$3" running "${folder##*/}" no
    fi ;;
  start | restart | unpause) changed "$1 $2"; look "$2"; put "$2" running "$release" "$policy" ;;
  stop) last "$@"; changed "stop $name"; [ ! -f "$containers/$name" ] || { look "$name"; put "$name" exited "$release" "$policy"; } ;;
  update) last "$@"; changed "$2 $name"; look "$name"; put "$name" "$status" "$release" "${2#--restart=}" ;;
  # A newer image is there when $STATE/newer is.
  pull) changed "pull $2" ;;
  image)
    case "$5" in ai-proxy:*) ;; *) [ ! -f "$STATE/newer" ] || new=' newer' ;; esac
    case "$4" in
      '{{.Id}}') echo "id of ${5%%:*}${new:-}" ;;
      *Digests*) echo "${5%%:*}@sha256:${new:+new}" ;;
      *) echo "[\"base${new:-}\"]" ;;
    esac ;;
  rm)
    if [ "$2" = -f ]; then changed "rm -f $3"; rm -f "$containers/$3"; exit; fi
    look "$2"
    [ -f "$containers/$2" ] && [ "$status" != running ] || exit 1
    changed "rm $2"; rm "$containers/$2" ;;
  wait) while look "$2"; [ "$status" = running ]; do sleep 0.05; done ;;
  logs) echo 'a line of its log'; cat "$STATE/acme-log" ;;
  exec)
    case "$3 $5" in
      *last_record*) [ ! -f "$STATE/readings" ] || cat "$STATE/readings"; exit ;;
      node*) ;;
      *) [ "$2" != -i ] || shift; shift 2; exec "$@" ;;
    esac
    [ ! -f "$STATE/inside" ] || [ "${5#*inside}" = "$5" ] || cat "$STATE/inside" ;;
  *) echo "stand-in docker: $*" >&2; exit 64 ;;
esac
