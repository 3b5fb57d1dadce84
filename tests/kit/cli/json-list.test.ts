import { expect, test } from 'vitest'
import { printFailure, printSuccess } from '../../../kit/cli/json-envelope.ts'
import { printList } from '../../../kit/cli/json-list.ts'
import { testTerminal } from '../../helpers/process/test-terminal.ts'

const ERROR = { code: 'PARTITIONS_DAMAGED', message: 'one is damaged', hint: 'restore it' }
const FOUND = { total: { messages: 2 }, more: false }
const ROWS = [{ text: '\u009b' }, { text: 'é' }]

async function printed(rows: Iterable<unknown>, rest: Parameters<typeof printList>[1]['rest']): Promise<string> {
  const terminal = testTerminal()
  await printList(terminal, { verb: 'search', rows, rest, restAfter: () => ({ error: ERROR }) })
  return terminal.stdout
}

test.each([[[]], [ROWS]])('a list is the same document as one that was made in memory: %j', async (rows) => {
  const [success, failure] = [testTerminal(), testTerminal()]
  printSuccess(success, { verb: 'search', result: rows, found: FOUND, warnings: ['one'] })
  printFailure(failure, { verb: 'search', result: rows, error: ERROR, warnings: ['one'] })
  expect(await printed(rows, () => ({ found: FOUND, warnings: ['one'] }))).toBe(success.stdout)
  expect(await printed(rows, () => ({ found: FOUND, warnings: ['one'], error: ERROR }))).toBe(failure.stdout)
})

const LONG = Array.from({ length: 100 }, (_, index) => `${index} ${'x'.repeat(100_000)}`)

test('a long list is printed in parts, each when the one before has been read, and rows are made no sooner', async () => {
  let [made, waits] = [0, 0]
  const parts: string[] = []
  const madeAtParts: number[] = []
  const terminal = testTerminal({
    out: (text) => parts.push(text),
    untilOutIsRead: async () => {
      waits++
      madeAtParts.push(made)
    },
  })
  const rows = function* () {
    for (const row of LONG) {
      made++
      yield row
    }
  }
  await printList(terminal, { verb: 'search', rows: rows(), rest: () => ({ found: FOUND }), restAfter: () => ({}) })
  const whole = testTerminal()
  printSuccess(whole, { verb: 'search', result: LONG, found: FOUND })
  expect(JSON.parse(parts.join(''))).toEqual(JSON.parse(whole.stdout))
  expect(waits).toBe(parts.length - 1)
  expect(madeAtParts).toEqual(Array.from({ length: 90 }, (_, index) => index + 11))
})

test('a long list ends with how the command ended, and does not say it before', async () => {
  const success = await printed(LONG, () => ({ found: FOUND }))
  expect(success.slice(0, 40)).toMatch(/^{"verb":"search","result":\["0 xx/)
  expect(success.slice(-70)).toMatch(/,"more":false,"warnings":\[\],"ok":true}\n$/)
  const failure = await printed(LONG, () => ({ found: FOUND, warnings: ['one'], error: ERROR }))
  expect(failure).toMatch(/\],"warnings":\["one"\],"error":{"code":[^}]*},"ok":false}\n$/)
  expect(JSON.parse(failure)).toEqual({ ok: false, verb: 'search', result: LONG, error: ERROR, warnings: ['one'] })
})

function* failing(rows: readonly unknown[]) {
  yield* rows
  throw new Error('the disk is gone')
}

test('an error between two rows ends a list that has begun, and is thrown if nothing has been printed', async () => {
  const rest = () => ({ found: FOUND })
  const whole = JSON.parse(await printed(failing(LONG), rest))
  expect(whole).toEqual({ ok: false, verb: 'search', result: LONG, error: ERROR, warnings: [] })
  await expect(printed(failing(ROWS), rest)).rejects.toThrow('the disk is gone')
})
