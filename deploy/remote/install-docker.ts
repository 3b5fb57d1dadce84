import { type Argv, sh } from './argv.ts'

/**
 * Installs Docker and Compose on Debian and Ubuntu: the distribution's own packages where they give Engine 20.10 and
 * Compose 1.29 or newer, else those of Docker's repository. Prints at the end what is there, as the facts do.
 */
export const INSTALL_DOCKER: Argv = sh(`
set -e
export DEBIAN_FRONTEND=noninteractive
apt() { apt-get -o DPkg::Lock::Timeout=300 -qq "$@"; }
candidate() { apt-cache policy "$1" 2>/dev/null | sed -n 's/^  Candidate: \\([0-9]*:\\)\\{0,1\\}\\([0-9][^ ]*\\)$/\\2/p'; }
at_least() { v=$(candidate "$1"); [ -n "$v" ] && dpkg --compare-versions "$v" ge "$2"; }
echo 'reading package lists'
apt update
packages=
if at_least docker.io 20.10; then
  if at_least docker-compose-v2 2; then packages='docker.io docker-compose-v2'
  elif at_least docker-compose 1.29; then packages='docker.io docker-compose'
  fi
fi
if [ -n "$packages" ]; then
  for extra in docker-cli docker-buildx iptables; do [ -z "$(candidate "$extra")" ] || packages="$packages $extra"; done
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
if command -v systemctl >/dev/null 2>&1; then systemctl enable --now docker >/dev/null 2>&1; fi
i=0
until docker version >/dev/null 2>&1; do
  i=$((i + 1)); [ "$i" -lt 60 ] || { echo 'the Docker engine does not start; see: journalctl -u docker' >&2; exit 1; }
  sleep 0.5
done
echo docker="$(docker version --format '{{.Server.Version}}')"
echo compose_plugin="$(docker compose version --short 2>/dev/null)"
! command -v docker-compose >/dev/null 2>&1 || echo compose_program="$(docker-compose version --short 2>/dev/null)"
`)
