import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, vi } from 'vitest'
import type { Change } from '../../../deploy/plan/change.ts'
import { makeRelease } from '../../../deploy/plan/release.ts'
import { runPlan } from '../../../deploy/session/run-plan.ts'
import { serverSettings } from '../../../templates/server-settings.ts'
import { testWith } from '../../helpers/needs.ts'
import { type LocalServer, localServer } from '../../helpers/server/local-server.ts'
import { pathWith } from '../../helpers/server/programs-first.ts'
import { tempFolder } from '../../helpers/temp-folder.ts'

/** Plans that are carried out on this machine, under the real lock. */
const planTest = testWith('flock', 'tar', 'sha256sum')

const OLD_ENV = '# mine\r\nA=1'
const settings = serverSettings({ DOMAIN: 'llm.example.com' }, false)
const writeEnv: Change = {
  kind: 'write-env',
  text: 'A=2\n',
  uploaded: [],
  hasNewKey: false,
  changed: ['A'],
  removed: [],
  rebuiltFrom: null,
}
const writeScript: Change = { kind: 'write-logdb-script', text: '#!/bin/sh\n' }

/** Fails: there is no such archive. */
const unpackNothing = ({ open }: LocalServer): Change => ({
  kind: 'unpack-backup',
  archive: { path: join(open.layout.folder, 'missing.tar.gz'), isLocal: false },
  staging: join(open.layout.folder, '.restore-1'),
  members: ['releases/1'],
  context: null,
})

/** Fails at once: nobody listens there. */
const checkNobody: Change = {
  kind: 'check-from-outside',
  gateway: { domain: '127.0.0.1', httpPort: 1, httpsPort: 1, apiKey: null },
  instance: null,
  outside: { resolve: {}, extraCa: null },
  isAfterChanges: false,
}

const run = ({ context, open }: LocalServer, changes: Change[]) =>
  runPlan(context, open, { verb: 'deploy', changes, buildContext: [] })

const read = ({ open }: LocalServer, path: string) => readFileSync(join(open.layout.folder, path), 'utf8')
const auditOf = (server: LocalServer) => JSON.parse(read(server, 'audit.jsonl'))

planTest('makes the changes in order and writes one line to the audit', async () => {
  const server = await localServer({ '.env': OLD_ENV })
  const result = await run(server, [writeEnv, writeScript])
  expect(result).toMatchObject({ isSettled: true, error: undefined })
  expect(result.times.map(({ step }) => step)).toEqual(['Write .env', 'Write scripts/logdb'])
  expect([read(server, '.env'), read(server, 'scripts/logdb')]).toEqual(['A=2\n', '#!/bin/sh\n'])
  expect(auditOf(server)).toEqual({
    at: '2026-11-24T00:00:00.000Z',
    actor: expect.stringMatching(/ as root$/),
    verb: 'deploy',
    release: null,
    result: 'ok',
    duration_ms: expect.any(Number),
  })
})

planTest('when a change fails, what was done before is undone, last first, and the audit has the code', async () => {
  const server = await localServer({ '.env': OLD_ENV })
  const result = await run(server, [writeEnv, unpackNothing(server), writeScript])
  expect(result).toMatchObject({ times: [], isSettled: false, error: { code: 'COMMAND_FAILED', exitCode: 30 } })
  expect(read(server, '.env')).toBe(OLD_ENV)
  expect(readdirSync(server.open.layout.folder).toSorted()).toEqual(['.env', 'audit.jsonl', 'lock', 'running'])
  expect(auditOf(server)).toMatchObject({ result: 'COMMAND_FAILED' })
  expect(server.terminal.stderr).toContain('==> Undoing what was begun\n')
})

planTest('a file that the plan made is removed again', async () => {
  const server = await localServer({})
  await run(server, [writeEnv, unpackNothing(server)])
  expect(existsSync(server.open.layout.env)).toBe(false)
})

planTest('once the change stands, a check that fails undoes nothing', async () => {
  const server = await localServer({ '.env': OLD_ENV })
  const result = await run(server, [writeEnv, checkNobody])
  expect(result).toMatchObject({ isSettled: true, error: { code: 'NOT_REACHABLE' } })
  expect(read(server, '.env')).toBe('A=2\n')
  expect(server.terminal.stderr).not.toContain('Undoing')
})

planTest('an undo that fails is reported with the failure that led to it', async () => {
  const server = await localServer({ '.env': OLD_ENV })
  const { folder } = server.open.layout
  const err = (text: string) => {
    if (!text.includes('Undoing')) return
    // The folder is gone, and a file is where it was.
    renameSync(folder, `${folder}.gone`)
    writeFileSync(folder, '')
  }
  onTestFinished(() => rmSync(`${folder}.gone`, { recursive: true }))
  const context = { ...server.context, terminal: { ...server.terminal, err } }
  const { error } = await run({ ...server, context }, [writeEnv, unpackNothing(server)])
  expect(error).toMatchObject({
    code: 'UNDO_INCOMPLETE',
    exitCode: 33,
    message: expect.stringMatching(
      /^cannot unpack the backup: .*\nand not everything could be undone:\n.*could not put \.env back: /s,
    ),
    hint: 'run the same command again: it checks the server again',
  })
})

planTest('an interrupt undoes what was begun', async () => {
  const controller = new AbortController()
  const server = await localServer({ '.env': OLD_ENV }, { terminal: { signal: controller.signal } })
  controller.abort()
  const content = { context: {}, config: '', environment: {}, settings }
  const release = makeRelease(content, new Date('2026-11-24T00:00:00Z'))
  const result = await run(server, [writeEnv, { kind: 'upload-release', release, context: { kind: 'local' } }])
  expect(result).toMatchObject({
    isSettled: false,
    error: {
      code: 'INTERRUPTED',
      exitCode: 130,
      message: 'interrupted; the server still serves the previous release',
    },
  })
  expect(read(server, '.env')).toBe(OLD_ENV)
  expect(auditOf(server)).toMatchObject({ result: 'INTERRUPTED' })
})

planTest('the lock is taken for the whole plan, and free afterwards', async () => {
  const server = await localServer({ '.env': OLD_ENV })
  await run(server, [writeScript])
  await vi.waitFor(async () => expect((await run(server, [writeScript])).error).toBeUndefined())
})

planTest('nothing is changed if the server is not as it was when the plan was made', async () => {
  const server = await localServer({ '.env': OLD_ENV })
  writeFileSync(server.open.layout.env, 'other')
  await expect(run(server, [writeEnv])).rejects.toMatchObject({ code: 'SERVER_CHANGED', exitCode: 20 })
  expect(read(server, '.env')).toBe('other')
})

planTest('facts that a change finds out are those of the next, and the gathered ones stay as they are', async () => {
  const { open, ...rest } = await localServer({})
  const server = { ...rest, open: { ...open, facts: { ...open.facts, docker: null } } }
  const log = standInDocker()
  const listener = createServer().listen(0, '127.0.0.1')
  await once(listener, 'listening')
  onTestFinished(() => void listener.close())
  const { port } = listener.address() as AddressInfo
  const gateway = { domain: 'llm.example.com', httpPort: port, httpsPort: port, apiKey: null }
  const result = await run(server, [
    { kind: 'install-docker', missing: 'engine' },
    { kind: 'start-edge', files: null, isFirst: true, isInterrupted: false, trouble: null, gateway, expects: null },
  ])
  expect(result).toMatchObject({ isSettled: true, error: undefined })
  expect(server.terminal.stderr).toContain('Installed Docker 28.2.2 and Compose 2.37.1')
  expect(log()).toContain(`compose -p ai-proxy-edge -f ${server.open.layout.edge}/compose.yml up -d --no-build\n`)
  expect(server.open.facts.docker).toBeNull()
})

/** A program `docker` that logs its arguments and prints versions. @returns the log so far */
function standInDocker(): () => string {
  const log = join(tempFolder({ log: '' }), 'log')
  const docker = `#!/bin/sh
echo "$*" >> ${log}
case "$1 $2" in version*) echo 28.2.2 ;; 'compose version') echo 2.37.1 ;; esac
`
  // Starting a service is not part of this test.
  vi.stubEnv('PATH', pathWith({ docker, systemctl: '#!/bin/sh\n' }))
  onTestFinished(() => void vi.unstubAllEnvs())
  return () => readFileSync(log, 'utf8')
}

/** Nobody answers, neither in its container nor through the edge. */
const watchNobody: Change = {
  kind: 'watch',
  instance: '20261124-000000',
  gateway: { domain: 'llm.example.com', httpPort: 1, httpsPort: 1, apiKey: null },
  seconds: 60,
  wayBack: '20261123-000000',
  isRollback: false,
}

function withSilentDocker(): void {
  vi.stubEnv('PATH', pathWith({ docker: '#!/bin/sh\n' }))
  onTestFinished(() => void vi.unstubAllEnvs())
}

planTest('a release that is bad while it is watched takes everything back', async () => {
  withSilentDocker()
  const server = await localServer({ '.env': OLD_ENV })
  const { isSettled, error } = await run(server, [writeEnv, watchNobody])
  expect({ isSettled, error }).toMatchObject({ isSettled: false, error: { code: 'WATCH_FAILED', exitCode: 35 } })
  expect(`${error}`).toContain('3 completions of the built-in model failed through the edge')
  expect(read(server, '.env')).toBe(OLD_ENV)
  expect(read(server, 'releases/20261124-000000/ready.json')).toContain('"failed":"3 completions')
})

planTest('an interrupt of the watch keeps the new release, and the plan continues', async () => {
  withSilentDocker()
  const interrupt = new AbortController()
  const err = (text: string) => void (text.includes('Watch the release') && interrupt.abort())
  const server = await localServer({ '.env': OLD_ENV }, { terminal: { signal: interrupt.signal, err } })
  const { isSettled, error, times } = await run(server, [writeEnv, watchNobody, writeScript])
  expect({ isSettled, error }).toMatchObject({ isSettled: true, error: { code: 'INTERRUPTED' } })
  expect(`${error}`).toContain('the change was made, but not checked to the end')
  expect(times).toHaveLength(3)
  expect([read(server, '.env'), read(server, 'scripts/logdb')]).toEqual(['A=2\n', '#!/bin/sh\n'])
})
