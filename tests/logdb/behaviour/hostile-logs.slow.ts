import { spawnSync } from 'node:child_process'
import { gzipSync } from 'node:zlib'
import { expect } from 'vitest'
import {
  asking,
  expectAccounted,
  expectAudited,
  FORMATS,
  type Format,
  good,
  holding,
  MEBIBYTE,
  quoted,
} from '../../helpers/logdb/hostile-records.ts'
import { jsonl, record, timestampAt } from '../../helpers/logdb/logs.ts'
import { pythonTest, sqliteShellTest, sqliteTest } from '../../helpers/logdb/sqlite-test.ts'
import { type Workspace, workspace } from '../../helpers/logdb/workspace.ts'

const NASTY = 'a { b } "\n}\n{\n2025-09-10 14:00:00 - INFO - {\n} - INFO - {'
const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`

/** Bodies as they may stand in a log, whatever their client meant by them. */
const ACCEPTED: Record<string, string> = {
  'a string of 10 MB': asking(quoted('lorem ipsum '.repeat((10 * MEBIBYTE) / 12))),
  'braces, quotes and header look-alikes': asking(quoted(NASTY)),
  'NUL as an escape': String.raw`{"messages":[{"role":"u\u0000r","content":"before\u0000after"}],"model":"m\u0000n","\u0000":0}`,
  'duplicate keys': '{"a":1,"messages":"x","a":{"b":1,"b":2},"messages":[{"role":"user","role":"x","content":"y"}]}',
  'huge and odd numbers': `{"n":[${'9'.repeat(4000)},-0,-0.0,1e400,-1e400,1e-400,5e-324,1E22,${'0.'}${'1'.repeat(400)}]}`,
  'names of JavaScript':
    '{"__proto__":{"x":1},"constructor":1,"messages":[{"__proto__":"y","toString":1,"role":"user","content":"x"}]}',
  'what only Python calls JSON': '{"a":NaN,"messages":[{"role":"user","content":"x","b":-Infinity}]}',
  'white space everywhere': ' [ 1 ,\r\t\t{ "b" : 2 , "a" : [ ] } ] ',
  'nested 900 deep': `{"messages":[{"role":"user","content":${nested(900)}}]}`,
  'empty names and texts': '{"":"","messages":[{"":"","role":"","content":""},{},[],"",null,0]}',
  'a text': '"only a text"',
  'separators of lines': asking(quoted('\u2028\u2029\u0085\u000b\u001c\uFEFF')),
  'not a character': asking(quoted('\uFFFF\uFFFE\u{1FFFF}')),
}
/** The same, which other programs cannot read as they are. */
const CHANGED: [name: string, raw: Buffer, expected: string][] = [
  [
    'lone surrogates',
    Buffer.from(String.raw`{"\udc00":1,"messages":[{"role":"\ud83d","content":"a\ud83d \udc00\ud83d\ude00"}]}`),
    String.raw`{"messages": [{"content": "a\ud83d \udc00😀", "role": "\ud83d"}], "\udc00": 1}`,
  ],
  [
    'bytes that are not UTF-8',
    Buffer.concat([Buffer.from('{"a":"b'), Buffer.from([0xff, 0xc0, 0xaf, 0xed, 0xa0, 0x80]), Buffer.from('c"}')]),
    '{"a": "bc"}',
  ],
]
const REFUSED: Record<string, Buffer> = {
  'nested 10 000 deep': Buffer.from(nested(10_000)),
  'nested 100 000 deep': Buffer.from(`{"messages":[{"role":"user","content":${nested(100_000)}}]}`),
  'a NUL byte in a text': Buffer.from('{"a":"b\0c"}'),
  'a NUL byte elsewhere': Buffer.from('{"a":\0 1}'),
  'a text without an end': Buffer.from('{"a":"b'),
  'a string of 20 MB': Buffer.from(asking(quoted('x'.repeat(20 * MEBIBYTE)))),
}

const NAMES: Record<Format, string> = { jsonl: 'requests-1.jsonl', predecessor: 'v1_chat.log' }

/** A log of these bodies, each between two records that nothing is wrong with. */
function logOf(format: Format, bodies: readonly Buffer[]): Buffer {
  const between = bodies.map((raw, index) => [good(format, 2 * index), holding(format, 2 * index + 1, raw)])
  return Buffer.concat([...between.flat(), good(format, 2 * bodies.length)])
}

/** Stored requests in the order of the log. */
async function requests({ query }: Workspace): Promise<string[]> {
  const rows = await query<{ json: string }>('SELECT request_json AS json FROM request_details ORDER BY ts_us')
  return rows.map(({ json }) => json)
}

const isGood = (json: string) => /"good \d+"/.test(json)

const PYTHON_DUMPS = `
import json, sys
print(json.dumps([json.dumps(json.loads(raw), ensure_ascii=False, sort_keys=True) for raw in json.load(sys.stdin)]))`

let dumped: string[] | undefined

/** What the predecessor would have stored of the accepted bodies. */
function acceptedAsPythonDumps(): string[] {
  dumped ??= pythonDumps(Object.values(ACCEPTED))
  return dumped
}

function pythonDumps(texts: string[]): string[] {
  const { stdout, stderr } = spawnSync('python3', ['-c', PYTHON_DUMPS], {
    input: JSON.stringify(texts),
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  })
  expect(stderr).toBe('')
  return JSON.parse(stdout)
}

for (const format of FORMATS) {
  for (const isCompressed of [false, true]) {
    const write = ({ write }: Workspace, log: Buffer) =>
      isCompressed ? write(`${NAMES[format]}.gz`, gzipSync(log, { level: 1 })) : write(NAMES[format], log)
    const where = `${format}${isCompressed ? ', compressed' : ''}`

    pythonTest(`${where}: whatever a body holds, it is stored as Python writes it`, async () => {
      const raws = Object.values(ACCEPTED)
      const space = workspace()
      write(space, logOf(format, [...raws.map((raw) => Buffer.from(raw)), ...CHANGED.map(([, raw]) => raw)]))
      expect(await space.ingest()).toMatchObject({ recordsQuarantined: 0, bytesPending: 0, unreadable: [] })
      const stored = await requests(space)
      expect(stored.filter(isGood)).toHaveLength(raws.length + CHANGED.length + 1)
      expect(stored.filter((json) => !isGood(json))).toEqual([
        ...acceptedAsPythonDumps(),
        ...CHANGED.map(([, , expected]) => expected),
      ])
      // The database is the same then, and its texts of megabytes take a second to verify.
      await (isCompressed ? expectAudited : expectAccounted)(space)
    })

    sqliteTest(`${where}: what cannot be read is set aside with its place, and all around it is stored`, async () => {
      const raws = Object.values(REFUSED)
      const space = workspace()
      const log = logOf(format, raws)
      write(space, log)
      const expected = { rowsInserted: raws.length + 1, recordsQuarantined: raws.length }
      expect(await space.ingest()).toMatchObject(expected)
      expect((await requests(space)).every(isGood)).toBe(true)
      const errors = await space.queryControl<{ offset: number; length: number; head: string }>(
        'SELECT offset, length, head FROM ingest_errors ORDER BY offset',
      )
      let at = 0
      for (const [index, raw] of raws.entries()) {
        at += good(format, 2 * index).length
        const bad = holding(format, 2 * index + 1, raw)
        expect(errors[index]).toMatchObject({ offset: at, length: bad.length })
        expect(
          bad
            .toString('utf8')
            .replaceAll('\0', '\uFFFD')
            .startsWith(errors[index]?.head.slice(0, 100) ?? ''),
        ).toBe(true)
        at += bad.length
      }
      await expectAccounted(space)
      expect(await space.run(['errors', 'retry'])).toMatchObject({ exitCode: 0 })
      await expectAccounted(space)
      expect(await space.ingest()).toMatchObject({ rowsInserted: 0, recordsQuarantined: raws.length })
      await expectAccounted(space)
    })

    sqliteTest(`${where}: byte order marks, line ends of Windows and empty lines cost nothing`, async () => {
      const space = workspace()
      const mark = Buffer.from('\uFEFF')
      const windows = Buffer.from(good(format, 1).toString('latin1').replaceAll('\n', '\r\n'), 'latin1')
      write(space, Buffer.concat([mark, good(format, 0), Buffer.from('\n\r\n \t\n'), windows, mark, good(format, 2)]))
      expect(await space.ingest()).toMatchObject({ rowsInserted: 3, recordsQuarantined: 0 })
      await expectAccounted(space)
    })

    sqliteTest(`${where}: a last record that is cut off waits, or is set aside if nothing can follow`, async () => {
      const space = workspace()
      const cut = good(format, 1).subarray(0, 200)
      write(space, Buffer.concat([good(format, 0), cut]))
      const expected = isCompressed
        ? { recordsQuarantined: 1, bytesPending: 0 }
        : { recordsQuarantined: 0, bytesPending: 200 }
      expect(await space.ingest()).toMatchObject({ rowsInserted: 1, ...expected })
      await expectAccounted(space)
    })
  }
}

sqliteTest('a record whose writer was killed within a line costs only itself', async () => {
  const space = workspace()
  const [cut, whole] = [good('predecessor', 0), good('predecessor', 1)]
  for (let length = 30; length < cut.length - 1; length += 7) {
    space.write(`v${length}.log`, Buffer.concat([cut.subarray(0, length), whole, good('predecessor', length)]))
  }
  const { rowsInserted, rowsDuplicate, recordsQuarantined } = await space.ingest()
  const files = Math.ceil((cut.length - 31) / 7)
  expect([rowsInserted, rowsDuplicate, recordsQuarantined]).toEqual([files + 1, files - 1, files])
  await expectAccounted(space)
  await space.run(['errors', 'retry'])
  expect(await space.ingest()).toMatchObject({ rowsInserted: 0, recordsQuarantined: files })
  await expectAccounted(space)
})

sqliteTest('the other fields of a record may be as hostile as its bodies', async () => {
  const space = workspace()
  const withMember = (index: number, member: string) => {
    const [start, end] = JSON.stringify(record({ timestamp: timestampAt(index), release: 'HERE' })).split('"HERE"')
    return `${start}${member}${end}\n`
  }
  const accepted = [
    '9e999',
    '-1e400',
    '"\\u0000\\ud83d"',
    '{"b":1.0,"a":[NaN]}',
    '0,"__proto__":{"v":2},"constructor":1',
    '"x","release":"y"',
  ]
  const refused = [nested(100_000), '{"a":'.repeat(3000), '01', 'tru', '"\u0001"', '1,"v":"1"', '1,"endpoint":[]', '1,']
  space.write(NAMES.jsonl, [...accepted, ...refused].map((member, index) => withMember(index, member)).join(''))
  expect(await space.ingest()).toMatchObject({ rowsInserted: accepted.length, recordsQuarantined: refused.length })
  expect(await space.query('SELECT release FROM request_details ORDER BY ts_us')).toEqual(
    ['Infinity', '-Infinity', '\uFFFD\uFFFD', '{"a": [NaN], "b": 1.0}', '0', 'y'].map((release) => ({ release })),
  )
  await expectAccounted(space)
})

sqliteTest('records with times that no partition can have are set aside', async () => {
  const space = workspace()
  const times = [
    '9999-12-31T23:59:59-01:00',
    '1969-12-31T23:59:59Z',
    '+010000-01-01T00:00:00Z',
    '2025-02-30',
    '../../x',
  ]
  space.write(NAMES.jsonl, jsonl([...times, '9999-12-31T23:59:59Z'].map((timestamp) => record({ timestamp }))))
  expect(await space.ingest()).toMatchObject({ rowsInserted: 1, recordsQuarantined: times.length })
  await expectAccounted(space)
})

const PYTHON_READS = `
import json, sqlite3, sys
rows = []
for path in sys.argv[1:]:
    db = sqlite3.connect(f'file:{path}?mode=ro', uri=True)
    for table in ('requests', 'request_details', 'request_text_index', 'z_msg_text', 'z_msg'):
        db.execute(f'SELECT * FROM {table}').fetchall()
    rows += db.execute('SELECT request_json, response_json FROM request_details ORDER BY ts_us').fetchall()
print(json.dumps([request for request, response in rows if json.loads(request) is not None and json.loads(response)]))`

sqliteShellTest('python3 and sqlite3 can read every row and every text of hostile records', async () => {
  const space = workspace()
  const { 'a string of 10 MB': _, ...accepted } = ACCEPTED
  const raws = [...Object.values(accepted).map((raw) => Buffer.from(raw)), ...CHANGED.map(([, raw]) => raw)]
  space.write(NAMES.predecessor, logOf('predecessor', raws))
  const half = '\ud83d'
  const names = {
    model_original: half,
    endpoint: `/v1/\0${half}`,
    api_key_name: 'a\0b',
    x_request_id: half,
    dialog_id: '\0',
  }
  space.write(NAMES.jsonl, jsonl([record({ ...names, timestamp: timestampAt(1000) })]))
  await space.ingest()
  const expected = await requests(space)
  const python = spawnSync('python3', ['-c', PYTHON_READS, ...space.partitions()], { encoding: 'utf8' })
  expect(python.stderr).toBe('')
  expect(JSON.parse(python.stdout)).toEqual(expected)
  const query = 'SELECT request_json FROM request_details ORDER BY ts_us'
  const shell = spawnSync('sqlite3', [space.partitions()[0] ?? '', query], { encoding: 'utf8' })
  expect(shell.stdout).toBe(`${expected.join('\n')}\n`)
  expect(
    await space.query("SELECT endpoint, api_key_name AS name FROM request_details WHERE endpoint LIKE '/v1/_%x'"),
  ).toEqual([])
  expect(
    await space.query('SELECT endpoint, api_key_name AS name FROM request_details WHERE api_key_name IS NOT NULL'),
  ).toEqual([{ endpoint: '/v1/\uFFFD\uFFFD', name: 'a\uFFFDb' }])
  await expectAccounted(space)
})
