import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { execa } from 'execa'
import { expect, vi } from 'vitest'
import { LocalHost } from '../../../../deploy/host/local-host.ts'
import { holdLock } from '../../../../deploy/remote/lock.ts'
import { serverLayout } from '../../../../deploy/server/layout.ts'
import { parseLockLine } from '../../../../deploy/server/lock/lock-line.ts'
import { gatherFacts } from '../../../../deploy/server/read-facts.ts'
import { takeLock } from '../../../../deploy/session/lock/take-lock.ts'
import { testWith } from '../../../helpers/needs.ts'
import { tempFolder } from '../../../helpers/temp-folder.ts'

const host = new LocalHost({ kind: 'root' })
const lockTest = testWith('flock')
const named = (name: string) => ({ name, lostLine: '{}' })
const request = (folder: string, holder: string) => ({
  ...{ folder, holder, token: 'ab'.repeat(16), silenceS: 30 },
  ...{ lostLine: '{}', watched: [] },
})

async function serverAt(files: Record<string, string>) {
  const layout = serverLayout(tempFolder(files))
  return { layout, facts: await gatherFacts(host, layout.folder) }
}

lockTest('has one holder at a time, and names it', async () => {
  const { layout, facts } = await serverAt({ '.env': 'A=1\n' })
  const first = await takeLock(host, layout, facts, named('ann as root, deploy, since noon'))
  await expect(takeLock(host, layout, facts, named('bob'))).rejects.toMatchObject({
    code: 'LOCKED',
    exitCode: 20,
    message: 'another deploy is running there: ann as root, deploy, since noon',
  })
  await first.end()
  const second = await takeLock(host, layout, facts, named('bob'))
  expect(parseLockLine(readFileSync(layout.lock, 'utf8').split('\n')[0] ?? '').holder).toBe('bob')
  await second.end()
})

lockTest('is free again when its holder was killed', async () => {
  const folder = tempFolder()
  const [file, ...args] = holdLock(request(folder, 'ann'))
  // The client is the one that keeps the stdin of the remote command open, as a connection does.
  const client = execa(process.execPath, [
    '-e',
    `require('node:child_process').spawn(${JSON.stringify(file)}, ${JSON.stringify(args)}, { stdio: ['pipe', 'inherit', 'inherit'] })`,
  ])
  const ended = client.catch(() => {})
  const [line] = await once(client.stdout, 'data')
  expect(String(line)).toMatch(/^held [0-9a-f]{64}\n$/)
  const asked = async () => (await host.exec(holdLock(request(folder, 'bob')))).stdout
  expect(await asked()).toBe(`busy ${'ab'.repeat(16)} ann\n`)
  client.kill('SIGKILL')
  await ended
  await vi.waitFor(async () => expect(await asked()).toMatch(/^held /))
})

lockTest('is not taken when .env or the route changed since the facts were gathered', async () => {
  for (const changed of ['.env', 'edge/dynamic/app.yml']) {
    const { layout, facts } = await serverAt({ '.env': 'A=é\n', 'edge/dynamic/app.yml': 'http: {}\n' })
    const unchanged = await takeLock(host, layout, facts, named('ann'))
    await unchanged.end()
    writeFileSync(join(layout.folder, changed), 'other')
    await expect(takeLock(host, layout, facts, named('ann'))).rejects.toMatchObject({
      code: 'SERVER_CHANGED',
      exitCode: 20,
      message: 'the server was changed after the plan was made',
    })
  }
})

lockTest('can be taken before anything is there', async () => {
  const { layout, facts } = await serverAt({})
  const session = await takeLock(host, layout, facts, named('ann'))
  await session.end()
  expect(await text(session.stdout)).toBe('')
})

lockTest('gives a reason when it cannot be taken at all', async () => {
  const { layout, facts } = await serverAt({ 'in-the-way': '' })
  const inTheWay = serverLayout(join(layout.folder, 'in-the-way'))
  await expect(takeLock(host, inTheWay, facts, named('ann'))).rejects.toMatchObject({
    code: 'LOCKED',
    message: `cannot take the lock ${inTheWay.lock}`,
  })
})
