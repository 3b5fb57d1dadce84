import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { Change } from '../../../deploy/plan/change.ts'
import { carryOut, type Proposal } from '../../../deploy/session/carry-out.ts'
import { report } from '../../../deploy/session/shown/report.ts'
import { testWith } from '../../helpers/needs.ts'
import { type LocalServer, localServer } from '../../helpers/server/local-server.ts'

const writeEnv: Change = {
  kind: 'write-env',
  text: 'API_KEYS=sk-1\n',
  uploaded: [],
  hasNewKey: true,
  changed: [],
  removed: [],
  rebuiltFrom: null,
}

/** Fails at once: no program listens there. */
const checkClosedPort: Change<'check-from-outside'> = {
  kind: 'check-from-outside',
  gateway: { domain: '127.0.0.1', httpPort: 1, httpsPort: 1, apiKey: null },
  instance: null,
  outside: { resolve: {}, extraCa: null },
  isAfterChanges: false,
}

const PROPOSAL: Proposal = {
  verb: 'deploy',
  changes: [writeEnv],
  warnings: ['a thing to know'],
  url: 'https://llm.example.com',
  generatedKey: 'sk-1',
  ifNothingToDo: { note: 'Nothing to change.' },
  next: ['Next: use it'],
}

/** Carries it out and reports, as the program does. */
async function finish({ context, open, terminal }: LocalServer, more: Partial<Proposal> = {}) {
  const proposal = { ...PROPOSAL, ...more }
  const outcome = await carryOut(context, open, proposal)
  const exitCode = report(terminal, proposal.verb, context.options.isJson, outcome)
  return { exitCode, stdout: terminal.stdout, stderr: terminal.stderr, isWritten: existsSync(open.layout.env) }
}

const SUMMARY = '1 change'
const TREE = `On localhost:\n  - make an API key\n${SUMMARY}.\n`
const NOTE = 'Note: a thing to know.\n'

describe('a plan', () => {
  testWith('flock')('is shown, carried out, and ends with the URL and the key', async () => {
    const { exitCode, stdout, stderr, isWritten } = await finish(await localServer({}))
    expect([exitCode, isWritten]).toEqual([0, true])
    expect(stdout).toBe('https://llm.example.com\nAPI_KEY=sk-1\n')
    expect(stderr.startsWith(`${TREE}${NOTE}==> Write .env\n`)).toBe(true)
    expect(stderr).toMatch(/ s\)\nThis key is shown only now. It is in the server's \.env too\.\nNext: use it\n$/)
  })

  testWith('flock')('is one object with --json, warnings included', async () => {
    const server = await localServer({}, { flags: { yes: true, json: true } })
    const { stdout } = await finish(server)
    expect(JSON.parse(stdout)).toEqual({
      ok: true,
      verb: 'deploy',
      dry_run: false,
      result: {
        changed: true,
        url: 'https://llm.example.com',
        release: null,
        changes: ['make an API key'],
        plan: {
          entries: [{ says: 'make an API key', below: [] }],
          backup: null,
          downtime: [],
          costs: [],
          summary: SUMMARY,
        },
        api_key: 'sk-1',
        connections: 0,
        channels: 0,
        steps: [
          { step: 'Connect', ms: 1 },
          { step: 'Write .env', ms: expect.any(Number) },
        ],
      },
      warnings: ['a thing to know'],
    })
  })

  test('is the result with --dry-run, without a key', async () => {
    const { exitCode, stdout, stderr, isWritten } = await finish(await localServer({}, { flags: { dryRun: true } }))
    expect([exitCode, stdout, isWritten]).toEqual([0, TREE, false])
    expect(stderr).toBe(`${NOTE}Nothing was changed.\n`)
    const json = await finish(await localServer({}, { flags: { dryRun: true, json: true } }))
    expect(JSON.parse(json.stdout)).toMatchObject({ ok: true, dry_run: true, result: { changed: false } })
    expect(json.stdout).not.toContain('sk-1')
  })

  test('is refused without --yes where there is no terminal to ask on', async () => {
    const server = await localServer({}, { flags: {} })
    await expect(finish(server)).rejects.toMatchObject({
      code: 'USAGE',
      exitCode: 2,
      message: 'this would change the server, and there is no terminal to ask on',
    })
    expect(server.terminal.stderr).toBe(TREE + NOTE)
    expect(existsSync(server.open.layout.lock)).toBe(false)
  })
})

describe('nothing to do', () => {
  test('is reported with the URL, without a lock or an audit line', async () => {
    const server = await localServer({}, { flags: {} })
    const { exitCode, stdout, stderr } = await finish(server, { changes: [], warnings: [] })
    expect([exitCode, stdout, stderr]).toEqual([0, 'https://llm.example.com\n', 'Nothing to change.\n'])
    expect([server.open.layout.lock, server.open.layout.audit].map((path) => existsSync(path))).toEqual([false, false])
  })

  test('still ends with the error of the check', async () => {
    const server = await localServer({}, { flags: {} })
    const ifNothingToDo = { note: 'Nothing to change.', check: checkClosedPort }
    await expect(finish(server, { changes: [], ifNothingToDo })).rejects.toMatchObject({ code: 'NOT_REACHABLE' })
    expect(existsSync(server.open.layout.lock)).toBe(false)
  })
})

describe('a key that was made', () => {
  const changes = [writeEnv, checkClosedPort]

  testWith('flock')('is shown once the change stands, even if a later check fails', async () => {
    const server = await localServer({})
    const { exitCode, stdout, stderr } = await finish(server, { changes })
    expect([exitCode, stdout]).toEqual([41, 'API_KEY=sk-1\n'])
    expect(stderr).toMatch(
      /\nThis key is shown only now\. .*\n✖ The gateway does not answer as it should, not even on the server itself: GET \/health fails/,
    )
    expect(readFileSync(server.open.layout.env, 'utf8')).toBe('API_KEYS=sk-1\n')
    const json = await finish(await localServer({}, { flags: { yes: true, json: true } }), { changes })
    expect(JSON.parse(json.stdout)).toEqual({
      ok: false,
      verb: 'deploy',
      error: { code: 'NOT_REACHABLE', message: expect.any(String), hint: expect.any(String) },
      result: { api_key: 'sk-1' },
    })
  })

  testWith('flock')('is not shown if the change was undone', async () => {
    const unpack: Change = {
      kind: 'unpack-backup',
      archive: { path: '/nowhere.tar.gz', isLocal: false },
      staging: '/tmp/ai-deploy-nowhere',
      members: [],
      context: null,
    }
    const { exitCode, stdout, stderr, isWritten } = await finish(await localServer({}), { changes: [writeEnv, unpack] })
    expect([exitCode, stdout, isWritten]).toEqual([30, '', false])
    expect(stderr).not.toContain('sk-1')
  })
})
