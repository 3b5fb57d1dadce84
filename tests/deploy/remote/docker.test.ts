import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { execa } from 'execa'
import { describe, expect, onTestFinished, test } from 'vitest'
import * as docker from '../../../deploy/remote/docker.ts'
import { testWith } from '../../helpers/needs.ts'
import { pathWith } from '../../helpers/server/programs-first.ts'
import { expectReadable, expectShell } from '../../helpers/server/scripts.ts'
import { tempFolder } from '../../helpers/temp-folder.ts'

const NAME = 'ai-proxy-20261123-101112'

test('composeUp', () => {
  const project = { compose: ['docker', 'compose'] as const, project: NAME, file: '/srv/compose.yml' }
  expect(docker.composeUp(project)).toEqual([
    ...['env', 'docker', 'compose', '-p', NAME, '-f', '/srv/compose.yml', 'up', '-d', '--no-build'],
  ])
  const compose = ['docker-compose'] as const
  expect(docker.composeUp({ ...project, compose, environment: { INSTANCE: '20261123-101112-2' } })).toEqual([
    ...['env', 'INSTANCE=20261123-101112-2', 'docker-compose', '-p', NAME],
    ...['-f', '/srv/compose.yml', 'up', '-d', '--no-build'],
  ])
})

test('attachToNetwork', () => {
  expectShell(
    docker.attachToNetwork(NAME, 'ai-proxy-edge'),
    [NAME, 'ai-proxy-edge'],
    [
      'docker network inspect "$2" >/dev/null 2>&1 || docker network create "$2" >/dev/null || exit 1',
      `state=$(docker inspect -f '{{.State.Status}}' "$1" 2>/dev/null) || exit 0`,
      'held=$(docker inspect -f "{{with index .NetworkSettings.Networks \\"$2\\"}}{{if .NetworkID}}{{.NetworkID}}{{else}}unset{{end}}{{end}}" "$1")',
      `id=$(docker network inspect -f '{{.Id}}' "$2")`,
      `case "$state $(docker inspect -f '{{.HostConfig.NetworkMode}}' "$1")" in`,
      '  running* | paused* | *" $2" | *" $id") ;;',
      '  *) docker rm "$1" >/dev/null; exit ;;',
      'esac',
      'case $held in unset | "$id") exit 0 ;; esac',
      '[ "$state" != paused ] || docker unpause "$1" >/dev/null',
      'docker network disconnect -f "$2" "$1" >/dev/null 2>&1',
      'docker network connect --alias "$1" "$2" "$1"',
    ],
  )
})

test('buildImage', () => {
  expect(docker.buildImage('ai-proxy:0123456789ab', 'node:24-slim', '/srv/releases/1/context')).toEqual([
    ...['docker', 'build', '--build-arg', 'NODE_IMAGE=node:24-slim', '-t', 'ai-proxy:0123456789ab'],
    '/srv/releases/1/context',
  ])
})

describe('one container', () => {
  test('wakeContainer', () => {
    expectShell(
      docker.wakeContainer(NAME),
      [NAME],
      [
        `case $(docker inspect -f '{{.State.Status}}' "$1") in`,
        '  paused) docker unpause "$1" ;;',
        '  *) docker start "$1" ;;',
        'esac',
      ],
    )
  })

  test('stopContainer', () => expect(docker.stopContainer(NAME, 330)).toEqual(['docker', 'stop', '-t', '330', NAME]))

  test('stopDetached', () => {
    const command = docker.stopDetached(NAME)
    expect(command.slice(3)).toEqual(['sh', NAME, expect.stringContaining('/health')])
    expectReadable(command)
  })

  test('restartPolicy', () => {
    expect(docker.restartPolicy(NAME, 'no')).toEqual(['docker', 'update', '--restart=no', NAME])
    expect(docker.restartPolicy(NAME, 'unless-stopped')).toEqual(['docker', 'update', '--restart=unless-stopped', NAME])
  })

  test('removeContainer', () => {
    const script = 'docker rm "$1" >/dev/null 2>&1 || ! docker inspect "$1" >/dev/null 2>&1'
    expectShell(docker.removeContainer(NAME), [NAME], [script])
  })

  test('releaseEnvironment', () => {
    const script = `cat "$1" 2>/dev/null || docker inspect -f '{{range .Config.Env}}{{println .}}{{end}}' "$2" 2>/dev/null`
    expectShell(docker.releaseEnvironment('/srv/gateway.env', NAME), ['/srv/gateway.env', NAME], [script])
  })

  test('restartContainer', () => expect(docker.restartContainer(NAME)).toEqual(['docker', 'restart', NAME]))

  test('containerLogs', () => {
    expectShell(docker.containerLogs(NAME, 30), [NAME, '30'], ['docker logs --tail "$2" "$1" 2>&1'])
  })

  test('waitReady', () => {
    const command = docker.waitReady(NAME, 8123, 90)
    expect(command.slice(3)).toEqual(['sh', NAME, '8123', '90', expect.stringContaining("+port+'/ready'")])
    expectReadable(command)
  })

  testWith('node')(
    'waitReady ends when the gateway is ready, when the time is over, and when nothing runs',
    async () => {
      let isReady = false
      const server = createServer((_request, response) => response.writeHead(isReady ? 200 : 503).end())
      server.listen(0, '127.0.0.1')
      onTestFinished(() => void server.close())
      await once(server, 'listening')
      const { port } = server.address() as AddressInfo
      const exitCode = async (running: boolean, timeoutS: number) => {
        const stub = `#!/bin/sh\n[ "$1" = exec ] || { echo ${running}; exit; }\n${running} || exit 1\nshift 2; exec "$@"\n`
        const [program = '', ...args] = docker.waitReady(NAME, port, timeoutS)
        return (await execa(program, args, { env: { PATH: pathWith({ docker: stub }) }, reject: false })).exitCode
      }
      setTimeout(() => {
        isReady = true
      }, 300)
      expect(await exitCode(true, 20)).toBe(0)
      isReady = false
      expect(await exitCode(true, 1)).toBe(4)
      expect(await exitCode(false, 20)).toBe(3)
    },
  )

  test('stopCandidate', () => {
    const command = docker.stopCandidate(NAME)
    expect(command.slice(3)).toEqual(['sh', NAME, expect.stringContaining('/health')])
    expectReadable(command)
  })

  const stops = { stopDetached: docker.stopDetached, stopCandidate: docker.stopCandidate }
  test.each([
    ['stopDetached kills a gateway that hangs', 'stopDetached', 9, ['kill', 'stop']],
    ['stopCandidate kills one that took over and hangs', 'stopCandidate', 9, ['kill', 'stop']],
    ['stopCandidate lets one that answers finish', 'stopCandidate', 0, ['stop']],
    ['stopCandidate lets one that has closed its port finish', 'stopCandidate', 1, ['stop']],
  ] as const)('%s', async (_what, stop, exitCode, calls) => {
    const log = join(tempFolder(), 'calls')
    const stub = `#!/bin/sh
case $1 in
  inspect) echo unless-stopped ;;
  exec) sleep 0.1; echo exec >> ${log}; exit ${exitCode} ;;
  stop | kill) echo $1 >> ${log} ;;
esac
`
    const [program = '', ...args] = stops[stop](NAME)
    await execa(program, args, { env: { PATH: pathWith({ docker: stub }) } })
    const called = () => (existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n').sort() : [])
    await expect.poll(called, { timeout: 10_000 }).toEqual(['exec', ...calls])
    // What follows the question follows at once.
    await delay(300)
    expect(called()).toEqual(['exec', ...calls])
  })

  test('waitExited', () => {
    expectShell(
      docker.waitExited(NAME, 3),
      [NAME, '3'],
      [
        'timeout "$2" docker wait "$1" >/dev/null 2>&1',
        `docker inspect -f '{{.State.Status}}' "$1" 2>/dev/null || echo absent`,
      ],
    )
  })
})

test('acmeErrors', () => {
  expectShell(
    docker.acmeErrors('ai-proxy-edge', 1795442400),
    ['ai-proxy-edge', '1795442400'],
    ['docker logs --since "$2" "$1" 2>&1 | grep -i acme | grep -iE "error|unable|cannot" | tail -n 1'],
  )
})

test('pruneImages', () => {
  expectShell(
    docker.pruneImages(['0123456789ab', 'fedcba987654']),
    ['0123456789ab fedcba987654'],
    [
      "docker images ai-proxy --format '{{.Tag}}' | grep -E '^[0-9a-f]{12}$' | while read -r tag; do",
      '  case " $1 " in *" $tag "*) ;; *) docker rmi "ai-proxy:$tag" >/dev/null 2>&1 ;; esac',
      'done',
      'docker images -q --filter dangling=true --filter label=ai-deploy.stage=build | tail -n +2 | xargs -r docker rmi >/dev/null 2>&1',
      'exit 0',
    ],
  )
})
