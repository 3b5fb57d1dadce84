import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import { expect, onTestFinished, vi } from 'vitest'
import { packageRoot } from '../../../kit/package-root.ts'
import { testAsRoot, testWith } from '../../helpers/needs.ts'
import { NO_LISTENERS, pathWith } from '../../helpers/server/programs-first.ts'
import { tempFolder } from '../../helpers/temp-folder.ts'

/** Starts the CLI in a folder and waits until this file appears there. */
async function runUntil(file: string, cwd: string, args: string[], env: Record<string, string> = {}) {
  const node = ['--import', import.meta.resolve('tsx'), join(packageRoot(), 'deploy/cli.ts')]
  const running = execa(process.execPath, [...node, ...args], { cwd, env, reject: false, stdin: 'ignore' })
  onTestFinished(() => void running.kill('SIGKILL'))
  await vi.waitFor(() => expect(existsSync(join(cwd, file))).toBe(true), { timeout: 20_000 })
  return { running }
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  testWith('ssh')(`before anything is changed ${signal} ends the program at once, with exit code 130`, async () => {
    // The greeting of SSH never comes.
    const ssh = "Host silent\n  HostName 127.0.0.1\n  User me\n  ProxyCommand sh -c 'touch begun; exec sleep 60'\n"
    const cwd = tempFolder({ ssh })
    const { running } = await runUntil('begun', cwd, ['--host', 'silent', '--ssh-config', 'ssh', '--yes'])
    const start = performance.now()
    running.kill(signal)
    const { exitCode, stdout, stderr } = await running
    expect({ exitCode, stdout, stderr }).toEqual({ exitCode: 130, stdout: '', stderr: '' })
    expect(performance.now() - start).toBeLessThan(5000)
  })
}

/** A program `docker` whose builds never end. */
const standInDocker = (cwd: string) => `#!/bin/sh
case "$1 $2" in
  version*) echo 28.2.2 ;;
  'compose version') echo 2.37.1 ;;
  build*) touch ${cwd}/begun; exec sleep 60 ;;
esac
`

testAsRoot('an interrupt while the server is changed undoes what was begun', async () => {
  const cwd = tempFolder({ '.env': 'API_KEYS=k\nHTTP_PORT=18080\nHTTPS_PORT=18443\n' })
  const server = join(cwd, 'server')
  const args = ['--host', 'localhost', '--path', server, '--domain', 'llm.example.com', '--yes', '--json']
  const { running } = await runUntil('begun', cwd, args, {
    PATH: pathWith({ ...NO_LISTENERS, docker: standInDocker(cwd) }),
  })
  expect(existsSync(join(server, '.env'))).toBe(true)
  running.kill('SIGINT')
  const { exitCode, stdout, stderr } = await running
  expect(exitCode, stderr).toBe(130)
  expect(stderr).toContain(
    'Interrupted: undoing what was begun, unless the new release took over. Press Ctrl-C again to end at once.\n',
  )
  expect(stderr).toContain('==> Undoing what was begun\n')
  expect(JSON.parse(stdout)).toEqual({
    ok: false,
    verb: 'deploy',
    error: {
      code: 'INTERRUPTED',
      message: 'interrupted; the server still serves the previous release',
      hint: 'run again',
    },
  })
  expect(existsSync(join(server, '.env'))).toBe(false)
  const audit = JSON.parse(readFileSync(join(server, 'audit.jsonl'), 'utf8'))
  expect(audit).toMatchObject({ verb: 'deploy', result: 'INTERRUPTED' })
})
