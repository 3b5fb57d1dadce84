import { appendFileSync, readdirSync } from 'node:fs'
import { expect } from 'vitest'
import { seededRandom } from '../random.ts'
import { RotatingLogs, type Stream, streamOf } from './rotating-logs.ts'
import { LEDGER_GAP, type Workspace, workspace } from './workspace.ts'

/** After one in this many steps of the writer there is a run. */
const STEPS_PER_RUN = 8
const FEW_RECORDS = 3

const rowsOf = (space: Workspace) => space.query('SELECT * FROM request_details ORDER BY request_id')

/** The rows of logs that were written at once and read once. */
async function expectedRows({ own, predecessor }: Stream): Promise<unknown[]> {
  const space = workspace()
  space.write('requests-1.jsonl', own.join(''))
  space.write('v1_chat.log', predecessor.join(''))
  await space.ingest()
  const rows = await rowsOf(space)
  expect(rows).toHaveLength(own.length + predecessor.length)
  return rows
}

async function expectNothingMissing(space: Workspace, expected: unknown[]): Promise<void> {
  expect(await space.ingest()).toMatchObject({ bytesPending: 0, unreadable: [], rowsDuplicate: 0 })
  expect(await rowsOf(space)).toEqual(expected)
  for (const { gap } of await space.queryControl<{ gap: number }>(LEDGER_GAP)) expect(gap).toBe(0)
  expect(await space.queryControl('SELECT * FROM ingest_errors')).toEqual([])
  expect(await space.run(['audit', '--deep', '--from', 'logs'])).toMatchObject({ exitCode: 0, stderr: '' })
}

/** Reads logs while they are written and rotated, in `rounds` ways, and compares with one clean read. */
export async function expectRotationsHarmless(rounds: number, records: number): Promise<void> {
  const stream = streamOf(records)
  const expected = await expectedRows(stream)
  let compressed = 0
  for (let seed = 1; seed <= rounds; seed++) {
    const [random, space] = [seededRandom(seed), workspace()]
    const logs = new RotatingLogs(space.logs, stream, random)
    while (logs.step()) {
      if (random.below(STEPS_PER_RUN) === 0) expect(await space.ingest()).toMatchObject({ rowsDuplicate: 0 })
    }
    await expectNothingMissing(space, expected)
    compressed += readdirSync(space.logs).filter((name) => name.endsWith('.gz')).length
  }
  expect(compressed).toBeGreaterThan(rounds)
}

/** Reads two logs cut at every `stepBytes`-th byte, and again when they are whole. */
export async function expectCutsHarmless(stepBytes: number): Promise<void> {
  const { stream, own, old } = fewRecords()
  const expected = await expectedRows(stream)
  for (let cut = 0; cut < Math.max(own.length, old.length); cut += stepBytes) {
    const space = workspace()
    append(space, own.subarray(0, cut), old.subarray(0, cut))
    await space.ingest()
    append(space, own.subarray(cut), old.subarray(cut))
    await expectNothingMissing(space, expected)
  }
}

/** Reads two logs each time they have grown by this many bytes. */
export async function expectGrowthHarmless(stepBytes: number): Promise<void> {
  const { stream, own, old } = fewRecords()
  const expected = await expectedRows(stream)
  const space = workspace()
  for (let at = 0; at < Math.max(own.length, old.length); at += stepBytes) {
    append(space, own.subarray(at, at + stepBytes), old.subarray(at, at + stepBytes))
    expect(await space.ingest()).toMatchObject({ rowsDuplicate: 0, recordsQuarantined: 0 })
  }
  await expectNothingMissing(space, expected)
}

function fewRecords() {
  const stream = streamOf(FEW_RECORDS)
  return { stream, own: Buffer.from(stream.own.join('')), old: Buffer.from(stream.predecessor.join('')) }
}

function append({ logs }: Workspace, own: Buffer, old: Buffer): void {
  appendFileSync(`${logs}/requests-1.jsonl`, own)
  appendFileSync(`${logs}/v1_chat.log`, old)
}
