import { once } from 'node:events'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { expect, onTestFinished, vi } from 'vitest'
import { testAsRoot, testWith } from '../../helpers/needs.ts'
import { compiledDeploy } from '../../helpers/process/compiled-package.ts'
import { pathWith } from '../../helpers/server/programs-first.ts'
import { tempFolder } from '../../helpers/temp-folder.ts'

const CLI = [compiledDeploy()]

/** Starts the CLI in a folder and waits until this file appears there. */
async function runUntil(file: string, cwd: string, args: string[], env: Record<string, string> = {}) {
  const running = execa(process.execPath, [...CLI, ...args], { cwd, env, reject: false, stdin: 'ignore' })
  onTestFinished(() => void running.kill('SIGKILL'))
  await vi.waitFor(() => expect(existsSync(join(cwd, file))).toBe(true), { timeout: 20_000 })
  return { running }
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  testWith('ssh')(`before anything is changed ${signal} ends the program at once`, async () => {
    // The greeting of SSH never comes.
    const ssh = "Host silent\n  HostName 127.0.0.1\n  User me\n  ProxyCommand sh -c 'touch begun; exec sleep 60'\n"
    const cwd = tempFolder({ ssh })
    const { running } = await runUntil('begun', cwd, ['--host', 'silent', '--ssh-config', 'ssh', '--yes'])
    const start = performance.now()
    running.kill(signal)
    const { stdout, stderr, ...ended } = await running
    const exitCode = ended.signal ?? ended.exitCode
    expect({ exitCode, stdout, stderr }).toEqual({
      exitCode: signal === 'SIGHUP' ? 'SIGHUP' : 130,
      stdout: '',
      stderr: '',
    })
    expect(performance.now() - start).toBeLessThan(5000)
  })
}

/** A program `docker` whose builds end when a file `end` appears. */
const standInDocker = (cwd: string) => `#!/bin/sh
case "$1 $2" in
  version*) echo 28.2.2 ;;
  'compose version') echo 2.37.1 ;;
  build*) touch ${cwd}/begun; until [ -e ${cwd}/end ]; do sleep 0.1; done ;;
esac
`

/** A deploy that is building: it has written .env. */
async function building() {
  const cwd = tempFolder({ '.env': 'API_KEYS=k\nHTTP_PORT=18080\nHTTPS_PORT=18443\n' })
  const server = join(cwd, 'server')
  const args = ['--host', 'localhost', '--path', server, '--domain', 'llm.example.com', '--yes', '--json']
  const env = { PATH: pathWith({ docker: standInDocker(cwd) }) }
  return { cwd, server, args, env }
}

function expectUndone(server: string): void {
  expect(existsSync(join(server, '.env'))).toBe(false)
  const audit = JSON.parse(readFileSync(join(server, 'audit.jsonl'), 'utf8'))
  expect(audit).toMatchObject({ verb: 'deploy', result: 'INTERRUPTED' })
}

testAsRoot('an interrupt while the server is changed undoes what was begun', async () => {
  const { cwd, server, args, env } = await building()
  const { running } = await runUntil('begun', cwd, args, env)
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
  expectUndone(server)
})

testAsRoot('SIGHUP undoes too, however often it comes', async () => {
  const { cwd, server, args, env } = await building()
  const { running } = await runUntil('begun', cwd, args, env)
  running.kill('SIGHUP')
  await once(running.stderr, 'data')
  running.kill('SIGHUP')
  expect((await running).signal).toBe('SIGHUP')
  expectUndone(server)
})

testAsRoot('output that nobody reads any more undoes too', async () => {
  const { cwd, server, args, env } = await building()
  const { running } = await runUntil('begun', cwd, args, env)
  expect(existsSync(join(server, '.env'))).toBe(true)
  running.stderr.destroy()
  running.stdout.destroy()
  writeFileSync(join(cwd, 'end'), '')
  expect((await running).exitCode).toBe(130)
  expectUndone(server)
})

/** Runs a command in a terminal, closes that when a file appears, and prints the exit code. */
const CLOSED_TERMINAL = `
import os, pty, sys, time
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(sys.argv[2], sys.argv[2:])
while not os.path.exists(sys.argv[1]):
    time.sleep(0.1)
os.close(terminal)
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`

testAsRoot('a terminal that is closed undoes too', async () => {
  const { cwd, server, args, env } = await building()
  const command = [process.execPath, ...CLI, ...args.filter((arg) => arg !== '--json')]
  const begun = join(cwd, 'begun')
  const { stdout } = await execa('python3', ['-c', CLOSED_TERMINAL, begun, ...command], { cwd, env })
  expect(stdout).toBe(String(-constants.signals.SIGHUP))
  expectUndone(server)
})
