import { expect, test } from 'vitest'
import type { LogFormat } from '../../../logdb/sources/find.ts'
import { FrameReader } from '../../../logdb/sources/frame-reader.ts'
import { chat, jsonl, predecessorBlock, predecessorEvent, record } from '../../helpers/logdb/logs.ts'
import { seededRandom } from '../../helpers/random.ts'

interface Found {
  kind: string
  text: string
  start: number
  end: number
  reason: string
}

/** What is found in these bytes when they come in these chunks. */
async function frames(
  chunks: Buffer[],
  format: LogFormat,
  { isFinal = false, maxRecordBytes = 1_000_000, from = 0 } = {},
): Promise<Found[]> {
  const left = chunks.filter(({ length }) => length > 0)
  const input = {
    fileBytes: 0,
    read: async (target: Buffer, at: number) => {
      const chunk = left.shift() ?? Buffer.alloc(0)
      const count = chunk.copy(target, at)
      if (count < chunk.length) left.unshift(chunk.subarray(count))
      return count
    },
    close: () => {},
  }
  const reader = new FrameReader(input, { format, inputStart: from, from, isFinal, maxRecordBytes })
  const found: Found[] = []
  while (await reader.fill()) {
    for (let piece = reader.next(); piece; piece = reader.next()) {
      const text = piece.kind === 'record' ? piece.json.toString('utf8').trim() : ''
      const reason = piece.kind === 'corrupt' ? piece.damage.reason : ''
      found.push({ kind: piece.kind, text, start: piece.start, end: piece.end, reason })
    }
  }
  return found
}

const records = (found: Awaited<ReturnType<typeof frames>>) =>
  found.filter(({ kind }) => kind === 'record').map(({ text }) => text)

const NASTY = 'a { b } "\n}\n{\n2025-09-10 14:00:00 - INFO - {\n'
const event = (content: string) => predecessorEvent({ request: chat(content) })
const pretty = (content: string) => JSON.stringify(event(content), null, 2)

test('braces, quotes and header look-alikes in a text do not disturb the predecessor format', async () => {
  const log = ['x {', '}', NASTY, '"'].map((content) => predecessorBlock(event(content))).join('')
  expect(records(await frames([Buffer.from(log)], 'predecessor'))).toEqual(['x {', '}', NASTY, '"'].map(pretty))
})

test.each(['jsonl', 'predecessor'] as const)(
  'NULs before a record cost no record in a log of the format %s',
  async (format) => {
    const log = format === 'jsonl' ? jsonl([record()]) : predecessorBlock(predecessorEvent())
    const bytes = Buffer.concat([Buffer.alloc(3_000_000), Buffer.from(log), Buffer.from(log)])
    const found = await frames([bytes], format)
    expect(records(found)).toHaveLength(2)
    expect(found.filter(({ kind }) => kind === 'corrupt')).toEqual([])
  },
)

test('what remains of a record of the predecessor without its beginning, or without its record, is damage', async () => {
  const whole = predecessorBlock(event('a'))
  const text = `${whole.slice(12)}${whole}2025-09-10 14:00:00 - IN${whole}2025-09-10 14:0\n${whole}2025-09-10 14:00:00 - INFO - ready\n`
  const found = await frames([Buffer.from(text)], 'predecessor')
  expect(found.map(({ kind, reason }) => (kind === 'corrupt' ? reason : kind))).toEqual([
    'ignored',
    'the beginning of a record is cut off',
    'record',
    'record is cut off by the next one',
    'record',
    'the header of a record is cut off',
    'record',
    'ignored',
  ])
  expect(found[0]?.end).toBe(whole.indexOf('\n') - 11)
})

test('pretty JSON without a header, as other logs of the predecessor hold it, is ignored', async () => {
  const log = `${pretty('a')}\n${predecessorBlock(event('b'))}${pretty('c')}\n`
  for (const size of [7, 1000, log.length]) {
    const bytes = Buffer.from(log)
    const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) =>
      bytes.subarray(at * size, (at + 1) * size),
    )
    const found = await frames(chunks, 'predecessor')
    expect([...new Set(found.map(({ kind }) => kind))]).toEqual(['ignored', 'record'])
    expect(records(found)).toEqual([pretty('b')])
  }
})

test('foreign lines are ignored, and so is a text line with a brace', async () => {
  const log = `starting {\n2025-09-10 14:00:00 - INFO - ready {x}\n${predecessorBlock(event('a'))}Traceback\n  File "x"\n`
  const found = await frames([Buffer.from(log)], 'predecessor')
  expect(found.map(({ kind }) => kind)).toEqual(['ignored', 'ignored', 'record', 'ignored'])
  expect(found.at(-1)?.end).toBe(Buffer.byteLength(log))
})

test('milliseconds in the header, Windows line ends and one-line records are read', async () => {
  const windows = predecessorBlock(event('a'), '2025-09-10 14:00:00,123 - WARNING - ').replaceAll('\n', '\r\n')
  const oneLine = `2025-09-10 14:00:00 - INFO - ${JSON.stringify(event('b'))}\n`
  const found = records(await frames([Buffer.from(windows + oneLine)], 'predecessor'))
  expect(found.map((text) => JSON.parse(text))).toEqual([event('a'), event('b')])
})

test('a byte order mark, at the start or where files were put together, belongs to no record', async () => {
  const mark = Buffer.from('\uFEFF')
  const own = Buffer.from(jsonl([record()]))
  const old = Buffer.from(predecessorBlock(event('a')))
  for (const [format, bytes] of [
    ['jsonl', own],
    ['predecessor', old],
  ] as const) {
    const found = await frames([mark, bytes, mark, bytes], format)
    expect(found.map(({ kind, end }) => [kind, end])).toEqual([
      ['record', bytes.length + 3],
      ['record', 2 * (bytes.length + 3)],
    ])
    expect(records(found).map((text) => JSON.parse(text))).toHaveLength(2)
  }
})

test('a record behind a foreign line that has no end is found', async () => {
  for (const foreign of ['Traceback (most', '2025-09-10 14:00:00 - INFO - rea', '{', `x${'y'.repeat(100)} - {`]) {
    const found = await frames([Buffer.from(`start\n${foreign}${predecessorBlock(event('a'))}`)], 'predecessor')
    expect(found.filter(({ kind }) => kind === 'ignored').at(-1)?.end).toBe('start\n'.length + foreign.length)
    expect(records(found)).toEqual([pretty('a')])
  }
})

test('a record that the next header cuts off costs only itself', async () => {
  const whole = predecessorBlock(event('b'))
  const cut = predecessorBlock(event('a')).slice(0, 300)
  const found = await frames([Buffer.from(`${cut}\n${whole}`)], 'predecessor')
  expect(found.map(({ kind, reason }) => [kind, reason])).toEqual([
    ['corrupt', 'record is cut off by the next one'],
    ['record', ''],
  ])
})

test('an unfinished record waits in a plain file and is corrupt in a compressed one', async () => {
  const log = Buffer.from(predecessorBlock(event('a')).slice(0, 300))
  expect(await frames([log], 'predecessor')).toEqual([])
  expect(await frames([log], 'predecessor', { isFinal: true })).toMatchObject([{ kind: 'corrupt', end: 300 }])
})

test('a line of ours is complete when its newline is there; in a compressed file the last one needs none', async () => {
  const log = Buffer.from(`${jsonl([record()])}\n{"v":1`)
  expect((await frames([log], 'jsonl')).map(({ kind }) => kind)).toEqual(['record', 'ignored'])
  expect((await frames([log], 'jsonl', { isFinal: true })).map(({ kind }) => kind)).toEqual([
    'record',
    'ignored',
    'record',
  ])
})

test('however a log is cut into chunks, the same records come out', async () => {
  const contents = ['first', NASTY, '{'.repeat(50), 'last €']
  const logs = {
    jsonl: jsonl(contents.map((content) => record({ request: chat(content) }))),
    predecessor: contents.map((content) => predecessorBlock(event(content))).join('x }\n'),
  }
  const random = seededRandom(7)
  for (const format of ['jsonl', 'predecessor'] as const) {
    const bytes = Buffer.from(logs[format])
    const expected = records(await frames([bytes], format))
    expect(expected).toHaveLength(contents.length)
    for (let round = 0; round < 200; round++) {
      const cuts = Array.from({ length: 1 + random.below(20) }, () => random.below(bytes.length)).sort((a, b) => a - b)
      const chunks = [0, ...cuts].map((from, index) => bytes.subarray(from, cuts[index] ?? bytes.length))
      expect(records(await frames(chunks, format))).toEqual(expected)
    }
  }
})

test('a log that grows byte by byte gives each record once, none of them early', async () => {
  for (const format of ['jsonl', 'predecessor'] as const) {
    const text =
      format === 'jsonl'
        ? jsonl([record(), record({ request: chat(NASTY) })])
        : predecessorBlock(event('a')) + predecessorBlock(event(NASTY))
    const bytes = Buffer.from(text)
    let offset = 0
    const seen: string[] = []
    for (let size = 1; size <= bytes.length; size++) {
      for (const piece of await frames([bytes.subarray(offset, size)], format, { from: offset })) {
        expect(piece.start).toBe(offset)
        offset = piece.end
        if (piece.kind === 'record') seen.push(JSON.parse(piece.text).request.messages[0].content)
        else expect(piece.kind).toBe('ignored')
      }
    }
    expect([offset, seen]).toEqual([bytes.length, [format === 'jsonl' ? 'Hi' : 'a', NASTY]])
  }
})

test('a record that is too long is set aside whole, in chunks of any size, and all others are read', async () => {
  const long = 'x'.repeat(50_000)
  const logs = {
    jsonl: jsonl(['a', long, 'b'].map((content) => record({ request: chat(content) }))),
    predecessor: ['a', long, 'b'].map((content) => predecessorBlock(event(content))).join(''),
  }
  for (const format of ['jsonl', 'predecessor'] as const) {
    const bytes = Buffer.from(logs[format])
    for (const chunkSize of [777, 8192, bytes.length]) {
      const chunks = Array.from({ length: Math.ceil(bytes.length / chunkSize) }, (_, index) =>
        bytes.subarray(index * chunkSize, (index + 1) * chunkSize),
      )
      const found = await frames(chunks, format, { maxRecordBytes: 10_000 })
      expect(found.map(({ kind, end }) => [kind, end])).toEqual([
        ['record', found[1]?.start],
        ['corrupt', found[2]?.start],
        ['record', bytes.length],
      ])
      expect(found[1]?.reason).toContain('the limit that LOGDB_MEMORY_CAP_MB sets')
    }
  }
})

test('a line without an end takes no more memory than a record may, and waits', async () => {
  const endless = Array.from({ length: 100 }, () => Buffer.alloc(100_000, 'x'))
  for (const format of ['jsonl', 'predecessor'] as const) {
    const first = format === 'jsonl' ? jsonl([record()]) : predecessorBlock(event('a'))
    const found = await frames([Buffer.from(first), ...endless], format, { maxRecordBytes: 100_000 })
    expect(found.map(({ kind }) => kind)).toEqual(['record'])
    const closed = await frames([...endless, Buffer.from(`\n${first}`)], format, { maxRecordBytes: 100_000 })
    expect(closed.map(({ kind }) => kind)).toEqual([format === 'jsonl' ? 'corrupt' : 'ignored', 'record'])
  }
})
