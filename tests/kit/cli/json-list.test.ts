import { expect, test } from 'vitest'
import { printFailure, printSuccess } from '../../../kit/cli/json-envelope.ts'
import { printList } from '../../../kit/cli/json-list.ts'
import { testTerminal } from '../../helpers/process/test-terminal.ts'

const ERROR = { code: 'PARTITIONS_DAMAGED', message: 'one is damaged', hint: 'restore it' }
const FOUND = { total: { messages: 2 }, more: false }
const ROWS = [{ text: '\u009b' }, { text: 'é' }]

async function printed(rows: readonly unknown[], rest: Parameters<typeof printList>[1]['rest']): Promise<string> {
  const terminal = testTerminal()
  await printList(terminal, { verb: 'search', rows, rest })
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
  await printList(terminal, { verb: 'search', rows: rows(), rest: () => ({ found: FOUND }) })
  const whole = testTerminal()
  printSuccess(whole, { verb: 'search', result: LONG, found: FOUND })
  expect(parts.join('')).toBe(whole.stdout)
  expect(waits).toBe(parts.length - 1)
  expect(madeAtParts).toEqual(Array.from({ length: 90 }, (_, index) => index + 11))
})

test('the error of a command that failed after much of its list was printed follows the list', async () => {
  const document = JSON.parse(await printed(LONG, () => ({ found: FOUND, error: ERROR })))
  expect(document).toMatchObject({ ok: true, error: ERROR, warnings: [], ...FOUND })
  expect(document.result).toHaveLength(100)
})
