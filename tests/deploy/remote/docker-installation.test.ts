import { expect, test } from 'vitest'
import { DOCKER_VERSIONS, INSTALL_DOCKER } from '../../../deploy/remote/docker-installation.ts'
import { expectReadable } from '../../helpers/server/scripts.ts'

test('DOCKER_VERSIONS', () => {
  expect(DOCKER_VERSIONS.split('\n').map((line) => line.trim())).toEqual([
    `echo docker="$(docker version --format '{{.Server.Version}}' 2>/dev/null)"`,
    'echo compose_plugin="$(docker compose version --short 2>/dev/null)"',
    '! command -v docker-compose >/dev/null 2>&1 || echo compose_program="$(docker-compose version --short 2>/dev/null)"',
  ])
})

test('INSTALL_DOCKER', () => {
  expect([INSTALL_DOCKER[0], INSTALL_DOCKER[1], ...INSTALL_DOCKER.slice(3)]).toEqual(['sh', '-c', 'sh'])
  expectReadable(INSTALL_DOCKER)
  const script = INSTALL_DOCKER[2] ?? ''
  const inOrder = [
    'set -e\nexport DEBIAN_FRONTEND=noninteractive\n',
    // An engine that is there is started, and is enough if it has Compose.
    '  start\n  if has_compose; then report; exit 0; fi\n',
    // The distribution's packages if they are new enough.
    'elif at_least docker.io 20.10; then\n',
    "  if at_least docker-compose-v2 2; then packages='docker.io docker-compose-v2'\n",
    "  elif at_least docker-compose 1.29; then packages='docker.io docker-compose'\n",
    '  apt install -y --no-install-recommends $packages\n',
    // Else Docker's repository.
    '  curl -fsSL "https://download.docker.com/linux/$distribution/gpg" -o /etc/apt/keyrings/docker.asc\n',
    '  apt install -y --no-install-recommends docker-ce docker-ce-cli containerd.io docker-buildx-plugin docker-compose-plugin\n',
    'start\nreport\n',
  ]
  const places = inOrder.map((part) => script.lastIndexOf(part))
  expect(places).not.toContain(-1)
  expect(places).toEqual([...places].sort((a, b) => a - b))
})
