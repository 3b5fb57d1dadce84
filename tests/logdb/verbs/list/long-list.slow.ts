import { writeFileSync } from 'node:fs'
import { expect } from 'vitest'
import { chat, jsonl, record, timestampAt } from '../../../helpers/logdb/logs.ts'
import { sqliteTest } from '../../../helpers/logdb/sqlite-test.ts'
import { type Workspace, workspace } from '../../../helpers/logdb/workspace.ts'

/** As JSON more than a megabyte, so that it is printed before the end is known. */
async function manyRequests(perDay = 1500): Promise<Workspace> {
  const space = workspace()
  const times = ['2025-09-10T00:00:00Z', '2025-09-11T00:00:00Z'].flatMap((start) => {
    return Array.from({ length: perDay }, (_, index) => timestampAt(index, start))
  })
  space.write(
    'requests-x.jsonl',
    jsonl(
      times.map((timestamp, index) =>
        record({ timestamp, x_request_id: `${index}`, request: chat('long '.repeat(60)) }),
      ),
    ),
  )
  await space.ingest({ env: { LOGDB_FTS_ENABLED: 'false' } })
  return space
}

sqliteTest('a long list says at its end whether it is complete', async () => {
  const space = await manyRequests()
  const list = ['list', '--json', '--limit', '6000']
  const whole = await space.run(list)
  expect(JSON.parse(whole.stdout)).toMatchObject({ ok: true, more: false, warnings: [] })
  expect(JSON.parse(whole.stdout).result).toHaveLength(3000)
  writeFileSync(space.partitions()[0] ?? '', 'x'.repeat(100_000))
  const { exitCode, stdout } = await space.run(list)
  expect(exitCode).toBe(3)
  expect(stdout.slice(0, 25)).toBe('{"verb":"list","result":[')
  expect(stdout.slice(-13)).toBe(',"ok":false}\n')
  expect(JSON.parse(stdout)).toMatchObject({ ok: false, verb: 'list', error: { code: 'PARTITIONS_DAMAGED' } })
  expect(JSON.parse(stdout).result).toHaveLength(1500)
})

sqliteTest('a long list has its titles once', async () => {
  const space = await manyRequests()
  const lines = (await space.run(['list', '--limit', '6000'])).stdout.split('\n')
  expect(lines.filter((line) => /^time .* question/.test(line))).toHaveLength(1)
  expect(new Set(lines.slice(1, -1)).size).toBe(3000)
})

sqliteTest('a page far back is that part of the whole list', async () => {
  const space = await manyRequests(4000)
  const ids = async (...args: string[]) => {
    const { result, more } = JSON.parse((await space.run(['list', '--json', ...args])).stdout)
    return { ids: result.map(({ request_id }: { request_id: string }) => request_id), more }
  }
  const whole = await ids('--limit', '1000000')
  expect(whole.ids).toHaveLength(8000)
  expect(await ids('--limit', '300', '--page', '25')).toEqual({ ids: whole.ids.slice(7200, 7500), more: true })
  expect(await ids('--limit', '5000', '--page', '2')).toEqual({ ids: whole.ids.slice(5000), more: false })
  expect(await ids('--limit', '1000', '--page', '11')).toEqual({ ids: [], more: false })
  expect(await ids('--limit', '7', '--page', '900000')).toEqual({ ids: [], more: false })
})
