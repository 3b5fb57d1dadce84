import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { packageRoot } from '../../../kit/package-root.ts'
import { chat, completion, jsonl, record, timestampAt } from '../../helpers/logdb/logs.ts'
import { sqliteTest } from '../../helpers/logdb/sqlite-test.ts'
import { openDatabase, type Workspace, workspace } from '../../helpers/logdb/workspace.ts'

const DAY = '2025-09-10'

/** The statements of the file, without the comments before them. */
function statements(): string[] {
  const text = readFileSync(join(packageRoot(), 'docs/examples/queries.sql'), 'utf8')
  return text
    .replaceAll(/^--.*\n/gm, '')
    .split(';')
    .map((sql) => sql.trim())
    .filter(Boolean)
}

/** Requests of one day. Every statement finds something in them. */
async function filled(): Promise<Workspace> {
  const space = workspace()
  const error = { error: { message: 'The provider is busy' } }
  const tools = [{ type: 'function', function: { name: 'weather' } }]
  const records = [
    record({ dialog_id: 'dialog-1', request: chat('When is the deadline?'), response: completion('Tomorrow') }),
    record({ status_code: 502, outcome: 'upstream_error', response: error }),
    record({ finish_reason: 'length', request: { ...chat('Long'), tools } }),
  ]
  const distinct = records.map((one, at) => ({ ...one, x_request_id: `r${at}`, timestamp: timestampAt(at) }))
  space.write(`requests-${DAY}.jsonl`, jsonl(distinct))
  await space.ingest()
  return space
}

sqliteTest('every statement finds something, with logdb query and in the file of the day', async () => {
  const space = await filled()
  const db = await openDatabase(space.partitions()[0] ?? '')
  const all = statements()
  expect(all.length).toBeGreaterThan(8)
  for (const sql of all) {
    const { exitCode, stdout, stderr } = await space.run(['query', sql, '--since', DAY, '--to', DAY, '--json'])
    expect([sql, exitCode, stderr]).toEqual([sql, 0, ''])
    const rows = db.prepare(sql).all()
    expect([sql, rows.length]).not.toEqual([sql, 0])
    expect(JSON.parse(stdout).result).toEqual(rows)
  }
  db.close()
})
