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
  version)
    case "$*" in *Server.Os*) cat "$STATE/platform" 2>/dev/null || echo linux/amd64 ;; *) echo 28.2.2 ;; esac ;;
  info)
    # It pulls through a mirror on this machine.
    case "$*" in *Mirrors*) echo "mirror http://127.0.0.1:$(cat "$STATE/plain-port")" ;; *) echo / ;; esac ;;
  network) ;;
  images)
    case "$4" in image=*) sed 's/^/image=/' "$STATE/tags" ;; *) cat "$STATE/tags" ;; esac ;;
  rmi) changed "rmi $2" ;;
  ps)
    # It has no second edge, which is what a name is asked for, and no rehearsal that was cut off.
    case "$*" in *name=* | *rehearsal*) exit 0 ;; esac
    for file in "$containers"/ai-proxy-[0-9]*; do [ ! -f "$file" ] || echo "${file##*/}"; done ;;
  inspect)
    format=$3; shift 3
    for name; do
      [ -f "$containers/$name" ] || exit 1
      look "$name"
      case "$format" in
        ui=*) echo "ui=$name $status $release" ;;
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
  # This machine builds for another one: the image is not among those of the server.
  build)
    case "$*" in *--platform*) ;; *) changed "build $5"; echo "${5#*:}" >> "$STATE/tags"; exit ;; esac
    changed "build $7 for $3"
    echo '#5 1.2 a line of the build'
    [ ! -f "$STATE/build-fails" ] || { echo 'no space left'; exit 1; }
    printf '%s %s\n' "$7" "$3" > "$STATE/built"; cp -R "$8" "$STATE/build-context" ;;
  save)
    [ ! -f "$STATE/save-fails" ] || { echo 'half of an ima'; echo 'cannot read a layer' >&2; exit 1; }
    cat "$STATE/built" ;;
  load)
    gzip -dc > "$STATE/loaded" || exit 1
    read -r name platform < "$STATE/loaded" || :
    changed "load $name"; echo "Loaded image: localhost/$name" ;;
  tag) changed "tag $2 $3"; echo "${3#*:}" >> "$STATE/tags" ;;
  compose)
    [ "$2" != version ] || { echo 2.37.1; exit 0; }
    folder=${5%/*}; changed "up $3"
    [ ! -f "$STATE/killed-$3" ] || rm "$STATE/killed-$3"
    if [ "$3" = ai-proxy-edge ]; then
      put "$3" running "${folder%/*}/certs" unless-stopped
      store=${folder%/*}/certs/acme.json
      read -r domain < "$STATE/domain" || :
      printf '{"letsencrypt":{"Certificates":[{"domain":{"main":"%s"}}]}}\n' "$domain" > "$store"
      chmod 600 "$store"
    elif [ "$3" = ai-proxy-certificate ]; then
      put "$3" running certificate no
      [ ! -f "$STATE/issued" ] || cp "$STATE/issued" "${folder%/*/*}/certs/acme.json"
    elif [ "$3" = ai-proxy-ui ]; then
      for name in ai-proxy-ui ai-proxy-logs; do put "$name" running "${folder##*/}" unless-stopped; done
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
      *Architecture*) read -r name platform < "$STATE/loaded"; cat "$STATE/wrong-platform" 2>/dev/null || echo "$platform" ;;
      '{{.Id}}') echo "id of ${5%%:*}${new:-}" ;;
      *Digests*) echo "${5%%:*}@sha256:${new:+new}" ;;
      *) echo "[\"base${new:-}\"]" ;;
    esac ;;
  kill) changed "kill $2"; look "$2"; put "$2" exited "$release" "$policy"; : > "$STATE/killed-$2" ;;
  # A gateway of a rehearsal answers on a plain port.
  run) changed run; put ai-proxy-rehearsal running - no ;;
  port) echo "127.0.0.1:$(cat "$STATE/plain-port")" ;;
  rm)
    if [ "$2" = -f ]; then
      shift 2
      for name; do [ ! -f "$containers/$name" ] || { changed "rm -f $name"; rm -f "$containers/$name"; }; done
      exit
    fi
    look "$2"
    [ -f "$containers/$2" ] && [ "$status" != running ] || exit 1
    changed "rm $2"; rm "$containers/$2" ;;
  wait) while look "$2"; [ "$status" = running ]; do sleep 0.05; done ;;
  logs) echo 'a line of its log'; cat "$STATE/acme-log" ;;
  exec)
    case "$3 $5" in
      *last_record*) [ ! -f "$STATE/readings" ] || cat "$STATE/readings"; exit ;;
      node*) ;;
      *) case $2 in -*) shift ;; esac; shift 2; exec "$@" ;;
    esac
    [ ! -f "$STATE/inside" ] || [ "${5#*inside}" = "$5" ] || cat "$STATE/inside" ;;
  *) echo "stand-in docker: $*" >&2; exit 64 ;;
esac
