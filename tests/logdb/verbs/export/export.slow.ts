import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { sha256 } from '../../../../kit/sha256.ts'
import type { ExportedFile } from '../../../../logdb/verbs/export/export-manifest.ts'
import { chat, completion, jsonl, record } from '../../../helpers/logdb/logs.ts'
import { sqliteTest } from '../../../helpers/logdb/sqlite-test.ts'
import { type Workspace, workspace } from '../../../helpers/logdb/workspace.ts'

const ODD_TEXT = 'a "quoted", text\nof two lines, 程语 \u2028 😀'

/** A conversation of two requests on one day, and a request on the next one. */
async function filled(env: Record<string, string> = {}): Promise<Workspace> {
  const space = workspace()
  const first = [
    { role: 'user', content: ODD_TEXT },
    { role: 'assistant', content: 'Hello' },
  ]
  const records = [
    record({ timestamp: '2025-09-15T10:00:00.000001Z', x_request_id: 'a', request: chat(ODD_TEXT) }),
    record({
      timestamp: '2025-09-15T11:00:00.000001Z',
      x_request_id: 'b',
      request: chat('more', first),
      latency_ms: 0.5,
    }),
    record({ timestamp: '2025-09-16T00:00:00.000000Z', x_request_id: 'c', response: completion('Next day') }),
  ]
  space.write('requests-x.jsonl', jsonl(records))
  await space.ingest({ env })
  return space
}

const dest = ({ folder }: Workspace) => join(folder, 'logs/export')
const manifestOf = (space: Workspace): ExportedFile[] =>
  JSON.parse(readFileSync(join(dest(space), 'manifest.json'), 'utf8')).files

function documents(space: Workspace, path: string): Record<string, unknown>[] {
  const lines = readFileSync(join(dest(space), path), 'utf8').split('\n')
  expect(lines.pop()).toBe('')
  return lines.map((line) => JSON.parse(line))
}

async function exported(space: Workspace, ...args: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await space.run(['export', ...args])
  expect([exitCode, stderr]).toEqual([0, ''])
  return stdout
}

for (const granularity of ['daily', 'weekly']) {
  sqliteTest(`each day has a file of requests with all that the ${granularity} database has of them`, async () => {
    const space = await filled({ LOGDB_PARTITION_GRANULARITY: granularity })
    const folder = dest(space)
    expect(await exported(space)).toBe(
      `${folder}/requests/2025-09-15.jsonl rows=2\n${folder}/requests/2025-09-16.jsonl rows=1\n`,
    )
    const all = [...documents(space, 'requests/2025-09-15.jsonl'), ...documents(space, 'requests/2025-09-16.jsonl')]
    expect(all).toEqual(await space.query('SELECT * FROM request_details ORDER BY ts'))
    expect(all).toHaveLength(3)
    for (const { path, bytes, sha256: digest, rows_sha256 } of manifestOf(space)) {
      const content = readFileSync(join(folder, path))
      expect([content.length, sha256(content), sha256(content)]).toEqual([bytes, digest, rows_sha256])
    }
  })
}

sqliteTest('messages are in the first request that sent them, and answers in theirs', async () => {
  const space = await filled()
  await exported(space, '--table', 'messages,texts')
  const messages = documents(space, 'messages/2025-09-15.jsonl')
  expect(
    messages.map(({ part, position, role, message_json }) => [
      part,
      position,
      role,
      JSON.parse(String(message_json)).content,
    ]),
  ).toEqual([
    ['request', 0, 'user', ODD_TEXT],
    ['response', null, 'assistant', 'Hello'],
    ['request', 1, 'assistant', 'Hello'],
    ['request', 2, 'user', 'more'],
    ['response', null, 'assistant', 'Hello'],
  ])
  const [first, second] = await space.query<{ id: string }>('SELECT request_id AS id FROM requests ORDER BY ts')
  expect(messages.map(({ request_id }) => request_id)).toEqual(
    [first, first, second, second, second].map((one) => one?.id),
  )
  const texts = documents(space, 'texts/2025-09-15.jsonl').map(({ role, content }) => ({ role, content }))
  expect(texts).toEqual(
    await space.query("SELECT role, content FROM request_text_index WHERE content <> 'Hi' AND content <> 'Next day'"),
  )
})

sqliteTest('a message of a week belongs to the day that it was first sent on', async () => {
  const space = await filled({ LOGDB_PARTITION_GRANULARITY: 'weekly' })
  await exported(space, '--table', 'messages')
  const days = ['2025-09-15', '2025-09-16'].map((day) => documents(space, `messages/${day}.jsonl`).length)
  expect(days).toEqual([5, 2])
  const again = await exported(space, '--table', 'messages', '--since', '2025-09-16', '--dest', 'elsewhere')
  expect(again).toBe(`${join(space.folder, 'elsewhere')}/messages/2025-09-16.jsonl rows=2\n`)
})

sqliteTest('CSV has the same values, and a line of titles', async () => {
  const space = await filled()
  await exported(space, '--format', 'csv', '--table', 'requests,texts')
  const text = readFileSync(join(dest(space), 'texts/2025-09-15.csv'), 'utf8')
  expect(text.split('\n')[0]).toBe('request_id,ts,role,content,endpoint,model_original,model_mapped')
  expect(text).toContain(`,user,"${ODD_TEXT.replaceAll('"', '""')}",/v1/chat/completions,`)
  const [, row = ''] = readFileSync(join(dest(space), 'requests/2025-09-16.csv'), 'utf8').split('\n')
  expect(row).toMatch(/^[0-9a-f]{64},11111111-[^,]*,1757980800,\/v1\/chat\/completions,gpt-4o,openai\/gpt-4o,200,12.5,/)
})

sqliteTest('days that did not change are left as they are, and the same rows give the same bytes', async () => {
  const space = await filled()
  await exported(space)
  const state = () =>
    readdirSync(dest(space), { recursive: true, encoding: 'utf8' })
      .sort()
      .map((name) => {
        const { ino, mtimeMs } = statSync(join(dest(space), name))
        return [name, ino, mtimeMs]
      })
  const before = state()
  expect(await exported(space)).toBe(
    ['15 rows=2', '16 rows=1']
      .map((text) => `${dest(space)}/requests/2025-09-${text.replace(' ', '.jsonl ')} unchanged\n`)
      .join(''),
  )
  expect(state()).toEqual(before)
  rmSync(join(dest(space), 'requests/2025-09-15.jsonl'))
  const manifest = manifestOf(space)
  expect(await exported(space)).toMatch(/15.jsonl rows=2\n.*16.jsonl rows=1 unchanged\n$/)
  expect(manifestOf(space)).toEqual(manifest)
  await space.run(['seal'])
  expect(await exported(space)).not.toContain('unchanged')
  const withoutState = (files: ExportedFile[]) => files.map(({ sources: _, ...file }) => file)
  expect(withoutState(manifestOf(space))).toEqual(withoutState(manifest))
})

sqliteTest('what a killed run left is replaced, and nothing else in the folder is touched', async () => {
  const space = await filled()
  await exported(space)
  const path = join(dest(space), 'requests/2025-09-15.jsonl')
  const whole = readFileSync(path)
  rmSync(path)
  for (const name of ['requests/2025-09-15.jsonl', 'requests/2025-01-01.csv', 'manifest.json']) {
    writeFileSync(join(dest(space), `${name}.part`), 'half a')
  }
  writeFileSync(join(dest(space), 'film.part'), 'of another program')
  await exported(space)
  expect(readFileSync(path)).toEqual(whole)
  expect(
    readdirSync(dest(space), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.part')),
  ).toEqual(['film.part'])
})

sqliteTest('erased requests leave the files, and their ids are in a table of their own', async () => {
  for (const granularity of ['daily', 'weekly']) {
    const space = await filled({ LOGDB_PARTITION_GRANULARITY: granularity })
    await exported(space)
    const [erased] = documents(space, 'requests/2025-09-16.jsonl')
    await space.run(['forget', '--request-id', String(erased?.['request_id']), '--yes'])
    await exported(space)
    expect(documents(space, 'requests/2025-09-16.jsonl')).toEqual([])
    const first = granularity === 'daily' ? '2025-09-16' : '2025-09-15'
    expect(documents(space, `erased/${first}.jsonl`)).toEqual([
      { request_id: erased?.['request_id'], forgotten_ts: expect.any(Number) },
    ])
    expect((await space.run(['export', '--verify'])).exitCode).toBe(0)
  }
})

sqliteTest('what retention removes stays in the export', async () => {
  for (const granularity of ['daily', 'weekly']) {
    const space = await filled({ LOGDB_PARTITION_GRANULARITY: granularity })
    await exported(space)
    await space.run(['retain', '--metadata', '2025-09-16', '--yes'])
    await exported(space)
    expect(documents(space, 'requests/2025-09-15.jsonl')).toHaveLength(2)
    const { exitCode, stdout } = await space.run(['export', '--verify'])
    expect([exitCode, stdout]).toEqual([0, expect.stringContaining('15.jsonl ok rows=2 (no longer in the database)\n')])
  }
})

sqliteTest('a damaged day is skipped, and other days are exported', async () => {
  const space = await filled()
  writeFileSync(space.partitions()[0] ?? '', 'no database')
  const { exitCode, stdout, stderr } = await space.run(['export'])
  expect([exitCode, stdout]).toEqual([3, `${dest(space)}/requests/2025-09-16.jsonl rows=1\n`])
  expect(stderr).toContain('skipped: ')
  expect(existsSync(join(dest(space), 'requests/2025-09-15.jsonl'))).toBe(false)
})

sqliteTest('the files of an export are not taken for logs', async () => {
  const space = await filled()
  await exported(space)
  expect((await space.run(['ingest'])).stdout).toContain('"files_scanned": 1, "files_ingested": 0')
})

sqliteTest('wrong tables and another file in place of the manifest are refused', async () => {
  const space = await filled()
  expect(await space.run(['export', '--table', 'nodes'])).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining('expected some of requests, messages, texts.'),
  })
  await exported(space)
  writeFileSync(join(dest(space), 'manifest.json'), '{"name":"app"}')
  expect(await space.run(['export'])).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining('manifest.json is not the manifest of an export of this logdb.'),
  })
})
