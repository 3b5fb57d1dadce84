import { expect } from 'vitest'
import { chat, completion, jsonl, record, timestampAt } from '../../helpers/logdb/logs.ts'
import { makeOlder } from '../../helpers/logdb/older-partition.ts'
import { sqliteTest } from '../../helpers/logdb/sqlite-test.ts'
import { digests, type Workspace, workspace } from '../../helpers/logdb/workspace.ts'

const DAYS = 12
const day = (index: number) => `2025-09-${10 + index}`
/** As providers give it, with a member that is empty. */
function answer(content: string) {
  const message = { role: 'assistant', content: `${content} ${'and so on '.repeat(10)}`, refusal: null }
  return { ...completion(''), choices: [{ index: 0, message, finish_reason: 'stop' }] }
}

/** As the gateway of an earlier version wrote it, in two turns a day. */
const said = (index: number, turn: number) =>
  record({
    timestamp: timestampAt(turn, `${day(index)}T12:00:00Z`),
    x_request_id: `${index}-${turn}`,
    dialog_id: `dialog-${index}`,
    request: chat(turn === 0 ? `first ${index}` : `second ${index}`, turn === 0 ? [] : chat(`first ${index}`).messages),
    response: answer(`answer ${index} ${turn}`),
  })

const READING = [
  ['stats', '--json', '--by', 'day,hour,model'],
  ['list', '--json', '--limit', '40'],
  ['show', '3-1'],
  ['dialog', 'dialog-3'],
  ['search', 'answer', '--key', '0123456789abcdef'],
  ['query', 'SELECT * FROM request_details ORDER BY ts, ts_us'],
  ['query', 'SELECT * FROM requests ORDER BY ts', '--since', day(2), '--to', day(3)],
  ['query', 'SELECT * FROM request_details', '--since', day(2), '--to', day(2)],
  ['query', 'SELECT trace_id, tokens_reasoning, x_request_id FROM request_details', '--since', day(2), '--to', day(4)],
  ['verify', '--deep'],
  ['audit'],
  ['dialogs', 'assign', '--by', 'prefix', '--dry-run'],
]

/** What version 10 began to count; `stats` says of how many requests it is not known. */
const LATER_FIGURES = /"(ttfb_p\d\d_ms|not_counted)":[^,}]+,?/g

async function readAll({ run }: Workspace): Promise<unknown[]> {
  const found: unknown[] = []
  for (const args of READING) {
    const { exitCode, stdout } = await run(args)
    found.push([args, exitCode, stdout.replace(LATER_FIGURES, '')])
  }
  return found
}

sqliteTest(
  'every verb reads sealed days of every earlier version, next to newer ones, and changes no file',
  async () => {
    const space = workspace()
    const records = Array.from({ length: DAYS }, (_, index) => [said(index, 0), said(index, 1)])
    space.write('requests-a.jsonl', jsonl(records.flat()))
    await space.ingest()
    await space.run(['seal'])
    const expected = await readAll(space)
    for (const last of [14, 13, 12, 11, 10, 9, 8, 7, 5, 1]) {
      for (const path of space.partitions().slice(0, -1)) await makeOlder(path, last)
      const before = digests(space.partitions())
      expect(await readAll(space)).toEqual(expected)
      expect(digests(space.partitions())).toEqual(before)
    }
  },
)
