import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { facts, IDENTITY } from '../../../deploy/remote/inspection.ts'
import { parseFacts } from '../../../deploy/server/read-facts.ts'
import { pathWith } from '../../helpers/server/programs-first.ts'
import { expectReadable, expectShell } from '../../helpers/server/scripts.ts'
import { tempFolder } from '../../helpers/temp-folder.ts'

test('IDENTITY', () => {
  expectShell(
    IDENTITY,
    [],
    [
      '',
      'uid=$(id -u)',
      'echo uid="$uid"',
      'echo user="$(id -un)"',
      'echo home="$HOME"',
      'echo connection="${SSH_CONNECTION:-}"',
      'if [ "$uid" = 0 ]; then echo sudo=root',
      'elif ! command -v sudo >/dev/null 2>&1; then echo sudo=absent',
      'elif [ "$(sudo -n id -u 2>/dev/null)" = 0 ]; then echo sudo=free',
      'else',
      `  case $(LC_ALL=C sudo -n true 2>&1) in *'must have a tty'*) echo sudo=tty ;; *) echo sudo=password ;; esac`,
      'fi',
    ],
  )
})

test('IDENTITY shows whether sudo works, and what is in its way', () => {
  const id = '#!/bin/sh\ncase $1 in -u) echo 1000 ;; *) echo ann ;; esac\n'
  const seen = [
    'echo 0',
    'echo "sudo: a password is required" >&2; exit 1',
    'echo "sudo: sorry, you must have a tty to run sudo" >&2; exit 1',
  ].map((sudo) => {
    const [file, ...args] = IDENTITY
    const env = { PATH: pathWith({ id, sudo: `#!/bin/sh\n${sudo}\n` }) }
    return /sudo=.*/.exec(execFileSync(file, args, { env, encoding: 'utf8' }))?.[0]
  })
  expect(seen).toEqual(['sudo=free', 'sudo=password', 'sudo=tty'])
})

test('facts', () => {
  const command = facts('/root/it’s here')
  expect([command[0], command[1], ...command.slice(3)]).toEqual(['sh', '-c', 'sh', '/root/it’s here', '9000'])
  expectReadable(command)
  // Every name that the facts are read from, and nothing that writes.
  const names = [...(command[2] ?? '').matchAll(/\becho (\w+)=|'(\w+)=\{\{|b64 "[^"]*" "?(\w+)|\/(\w+)=[$\\]/g)]
  const printed = new Set(names.map((match) => match.slice(1).find((name) => name !== undefined)))
  expect([...printed].sort()).toEqual(
    [
      ...['arch', 'attempts', 'backup', 'clock', 'compose_plugin', 'compose_program', 'container', 'current'],
      ...[
        'docker',
        'missing',
        'network',
        'owncerts',
        'predecessor',
        'ready_',
        'reserve',
        'routine_entry',
        'routine_script',
        'scheduler',
        'ui',
        'ui_route',
        'silent',
        'stopping',
        'store',
      ],
      ...[
        'docker_disk',
        'edge',
        'edge_',
        'edge_folder',
        'edge_handed_over',
        'freed',
        'edge_label',
        'edge_redirect',
        'env',
        'folder',
        'folder_disk',
        'image',
        'interface',
      ],
      ...['listener', 'log_databases', 'manifest_', 'os', 'os_like', 'predecessors', 'route', 'scripts_logdb'],
      ...['copies', 'hold', 'state', 'torn', 'unmounted', 'unnamed', 'unwatched', 'warm', 'watched'],
    ].sort(),
  )
  expect(command[2]).not.toMatch(/(^|[;&|] *)(rm|mv|cp|mkdir|touch|tee) |> *"?\$P/m)
})

/** Docker with an edge that it calls unhealthy, whose own health check ends with this code. */
const unhealthyEdge = (exitCode: number) => `#!/bin/sh
case "$1 $2" in
  'inspect -f') case $3 in '{{.State.Status}} '*) echo 'running aaa unhealthy' ;; esac ;;
  'network inspect') echo aaa ;;
  'exec ai-proxy-edge') exit ${exitCode} ;;
esac
`

const HUNG_GATEWAY = `#!/bin/sh
case $1 in
  ps) echo ai-proxy-20261123-101112 ;;
  exec) exec sleep 60 ;;
esac
`

test('a gateway is called silent when the time that it is given is over', () => {
  const route = 'url: "http://ai-proxy-20261123-101112:8123"\n'
  const [program, ...args] = facts(tempFolder({ 'edge/dynamic/app.yml': route }), 10)
  const env = { ...process.env, PATH: pathWith({ docker: HUNG_GATEWAY, ss: '#!/bin/sh\n' }) }
  expect(execFileSync(program, args, { env, encoding: 'utf8' })).toContain('silent=ai-proxy-20261123-101112\n')
})

test.each([
  ['answers now is not in trouble, as after a pause', 0, undefined],
  ['does not answer is', 1, 'unhealthy'],
])('an edge that Docker calls unhealthy and that %s', (_what, exitCode, trouble) => {
  const [program, ...args] = facts(tempFolder({ 'edge/dynamic/app.yml': '', 'certs/acme.json': '', '.env': '' }))
  const env = { ...process.env, PATH: pathWith({ docker: unhealthyEdge(exitCode), ss: '#!/bin/sh\n' }) }
  const { edge } = parseFacts(execFileSync(program, args, { env, encoding: 'utf8' }))
  expect(edge).toMatchObject({ isRunning: true })
  expect(edge.trouble).toBe(trouble)
})
