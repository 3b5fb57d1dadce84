import type { Argv } from '../host/argv.ts'
import { sh } from './sh.ts'

/** Prints the versions, where there is a docker program; nothing after `docker=` for an engine that does not run. */
export const DOCKER_VERSIONS = `echo docker="$(docker version --format '{{.Server.Version}}' 2>/dev/null)"
  echo compose_plugin="$(docker compose version --short 2>/dev/null)"
  ! command -v docker-compose >/dev/null 2>&1 || echo compose_program="$(docker-compose version --short 2>/dev/null)"`

/**
 * Makes sure that Docker and Compose run: starts an engine that is installed, adds a missing Compose, or installs
 * both on Debian and Ubuntu: the distribution's own packages where they give Engine 20.10 and Compose 1.29 or newer,
 * else those of Docker's repository. Prints DOCKER_VERSIONS at the end.
 */
export const INSTALL_DOCKER: Argv = sh(`
set -e
export DEBIAN_FRONTEND=noninteractive
report() {
  ${DOCKER_VERSIONS}
}
has_compose() { docker compose version >/dev/null 2>&1 || command -v docker-compose >/dev/null 2>&1; }
start() {
  if command -v systemctl >/dev/null 2>&1; then systemctl enable --now docker >/dev/null 2>&1 || true; fi
  i=0
  until docker version >/dev/null 2>&1; do
    i=$((i + 1)); [ "$i" -lt 60 ] || { echo 'the Docker engine does not start; see: journalctl -u docker' >&2; exit 1; }
    sleep 0.5
  done
}
if command -v docker >/dev/null 2>&1; then
  # An engine that is installed already is kept.
  start
  if has_compose; then report; exit 0; fi
fi
apt() { apt-get -o DPkg::Lock::Timeout=300 -qq "$@"; }
candidate() { apt-cache policy "$1" 2>/dev/null | sed -n 's/^  Candidate: \\([0-9]*:\\)\\{0,1\\}\\([0-9][^ ]*\\)$/\\2/p'; }
at_least() { v=$(candidate "$1"); [ -n "$v" ] && dpkg --compare-versions "$v" ge "$2"; }
# Completes what an installation that was cut off has begun.
dpkg --configure -a >/dev/null 2>&1 || true
echo 'reading package lists'
apt update
packages=
if command -v docker >/dev/null 2>&1; then
  if dpkg -s docker-ce >/dev/null 2>&1; then packages=docker-compose-plugin
  elif at_least docker-compose-v2 2; then packages=docker-compose-v2
  else packages=docker-compose
  fi
elif at_least docker.io 20.10; then
  if at_least docker-compose-v2 2; then packages='docker.io docker-compose-v2'
  elif at_least docker-compose 1.29; then packages='docker.io docker-compose'
  fi
fi
if [ -n "$packages" ]; then
  command -v docker >/dev/null 2>&1 || for extra in docker-cli docker-buildx iptables; do [ -z "$(candidate "$extra")" ] || packages="$packages $extra"; done
  echo "installing $packages"
  # shellcheck disable=SC2086
  apt install -y --no-install-recommends $packages
else
  . /etc/os-release
  echo "installing from Docker's repository"
  apt install -y --no-install-recommends ca-certificates curl
  install -m 0755 -d /etc/apt/keyrings
  case "$ID" in ubuntu|debian) distribution=$ID ;; *) case "$ID_LIKE" in *ubuntu*) distribution=ubuntu ;; *) distribution=debian ;; esac ;; esac
  curl -fsSL "https://download.docker.com/linux/$distribution/gpg" -o /etc/apt/keyrings/docker.asc
  echo "deb [arch=$(dpkg --print-architecture) signed-by=/etc/apt/keyrings/docker.asc] https://download.docker.com/linux/$distribution \${UBUNTU_CODENAME:-$VERSION_CODENAME} stable" > /etc/apt/sources.list.d/docker.list
  apt update
  apt install -y --no-install-recommends docker-ce docker-ce-cli containerd.io docker-buildx-plugin docker-compose-plugin
fi
start
report
`)
