import { spawnSync } from 'node:child_process'
import { chmodSync, copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { packageRoot } from '../../kit/package-root.ts'
import { tempFolder } from '../helpers/temp-folder.ts'

const RELEASE = '20250915-120000'

/** A server's folder with the script, and a `docker` that prints its arguments and what it gets on stdin if it reads it. */
function server(): { run: (args: string[], input: string) => string } {
  const folder = tempFolder()
  for (const name of ['scripts', 'logs', 'bin', `releases/${RELEASE}`])
    mkdirSync(join(folder, name), { recursive: true })
  copyFileSync(join(packageRoot(), 'templates/server-logdb.sh'), join(folder, 'scripts/logdb'))
  writeFileSync(join(folder, 'state.json'), `{"release": "${RELEASE}"}`)
  writeFileSync(join(folder, `releases/${RELEASE}/manifest.json`), '{"image": "ai-proxy:1"}')
  const docker = join(folder, 'bin/docker')
  writeFileSync(docker, '#!/bin/sh\necho "$@"\ncase " $* " in *" -i "*) cat ;; esac\n')
  chmodSync(docker, 0o755)
  return {
    run: (args, input) => {
      const { status, stdout, stderr } = spawnSync('sh', [join(folder, 'scripts/logdb'), ...args], {
        input,
        encoding: 'utf8',
        env: { PATH: `${join(folder, 'bin')}:${process.env['PATH']}` },
      })
      expect([status, stderr]).toEqual([0, ''])
      return stdout
    },
  }
}

test('a client of MCP reaches logdb on stdin, and other verbs leave stdin to the caller', () => {
  const { run } = server()
  for (const args of [
    ['mcp', '--since', '7d'],
    ['--no-dotenv', 'mcp', '--since', '7d'],
  ]) {
    expect(run(args, '{"jsonrpc":"2.0"}\n')).toMatch(
      /^run --rm -i --read-only .* ai-proxy:1 node \/app\/dist\/logdb\/cli.js --no-dotenv mcp --since 7d\n\{"jsonrpc":"2.0"\}\n$/,
    )
  }
  expect(run(['search', 'mcp'], 'lines of a loop\n')).toMatch(/^run --rm --read-only .* --no-dotenv search mcp\n$/)
})
