import { existsSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { expect } from 'vitest'
import { chat, completion, jsonl, record } from '../../helpers/logdb/logs.ts'
import { sqliteTest } from '../../helpers/logdb/sqlite-test.ts'
import { type Workspace, workspace } from '../../helpers/logdb/workspace.ts'
import { seededRandom } from '../../helpers/random.ts'

const DAYS = ['11', '12', '13']
const recordOf = (day: string, number = 0) =>
  record({
    timestamp: `2025-09-${day}T10:00:0${number}.000001Z`,
    x_request_id: `r${day}${number || ''}`,
    request: chat(`hello ${day} ${number} 语言 ${'x '.repeat(300)}`),
    response: completion(`answer ${day} ${number}`),
  })

async function filled(each = 1): Promise<Workspace> {
  const space = workspace()
  const records = DAYS.flatMap((day) => Array.from({ length: each }, (_, number) => recordOf(day, number)))
  space.write('requests-x.jsonl', jsonl(records))
  await space.ingest()
  return space
}

const READERS = [
  ['search', 'hello'],
  ['show', 'r13'],
  ['dialog', 'r13'],
  ['stats'],
  ['list'],
  ['search', '--status', '2xx'],
  ['query', 'SELECT x_request_id FROM request_details ORDER BY ts'],
  ['query', 'SELECT count(*) FROM requests'],
  ['dialogs', 'assign'],
  ['dialogs', 'assign', '--by', 'prefix'],
  ['dialogs', 'clear'],
  ['forget', '--key', '0123456789abcdef', '--dry-run'],
  ['retain', '--bodies', '2025-09-12', '--dry-run'],
]

const DAMAGES: Record<string, (path: string) => void> = {
  'not a database': (path) => writeFileSync(path, 'nothing of SQLite'.repeat(1000)),
  'an empty file': (path) => truncateSync(path, 0),
  'half a file': (path) => truncateSync(path, 40_000),
}

for (const [what, damage] of Object.entries(DAMAGES)) {
  sqliteTest(`one partition that is ${what} does not hide the others: a warning, and exit code 3`, async () => {
    const space = await filled()
    const [first = ''] = space.partitions()
    const wanted = new Map<string, string>()
    for (const args of READERS) wanted.set(args.join(), (await space.run([...args, '--json'])).stdout)
    damage(first)
    for (const args of READERS) {
      const { exitCode, stdout, stderr } = await space.run([...args, '--json'])
      expect([args, exitCode, stderr]).toEqual([args, 3, expect.stringContaining(`skipped: ${first}`)])
      expect(stderr).toMatch(
        /✖ 1 damaged partition was skipped, so the result is not complete\.\nHint: restore .*PARTITIONS_DAMAGED/,
      )
      const { ok, error, result, warnings } = JSON.parse(stdout)
      expect([ok, error.code, warnings]).toEqual([false, 'PARTITIONS_DAMAGED', [expect.stringContaining(first)]])
      if (args[0] === 'show') expect(result).toEqual(JSON.parse(wanted.get(args.join()) ?? '').result)
    }
    expect((await space.run(['search', 'hello'])).stdout.match(/answer|hello/g)).toHaveLength(2)
    expect((await space.run(['query', 'SELECT count(*) AS n FROM requests'])).stdout).toBe('n\n2\n')
    expect((await space.run(['stats'])).stdout).toMatch(/^requests 2,/)
    expect((await space.run(['verify'])).exitCode).toBe(1)
    expect((await space.run(['show', 'r11'])).stderr).toMatch(
      /There is no request or dialog r11; these partitions are damaged/,
    )
    const forgotten = await space.run(['forget', '--key', '0123456789abcdef', '--yes'])
    expect([forgotten.exitCode, forgotten.stdout.match(/forgotten=1/g)]).toEqual([3, ['forgotten=1', 'forgotten=1']])
  })
}

for (const [what, lose] of [
  ['gone', (path: string) => rmSync(path)],
  ['empty', (path: string) => truncateSync(path, 0)],
] as const) {
  sqliteTest(`a partition that is ${what} is named by ingest and audit, and no empty one takes its place`, async () => {
    const space = await filled()
    const [first = ''] = space.partitions()
    lose(first)
    for (const verb of ['ingest', 'audit']) {
      const { stderr } = await space.run([verb, '--quiet'])
      expect(stderr).toContain(`${first}: the partition is ${what}, although it had rows; restore it from a backup`)
    }
    expect((await space.run(['audit'])).exitCode).toBe(1)
    for (const args of [['fts', 'build'], ['dialogs', 'assign'], ['seal', '--to', '2025-09-30'], ['stats']])
      await space.run(args)
    expect(existsSync(first) && readFileSync(first).length > 0).toBe(false)
    expect((await space.run(['init', '--date', '2025-09-11'])).exitCode).toBe(7)
    space.write('requests-y.jsonl', jsonl([recordOf('11', 5)]))
    for (const verb of ['ingest', 'ingest', 'audit']) {
      const { stderr } = await space.run([verb, '--quiet'])
      expect(stderr).toContain(`${first}: rows are missing, because the partition was gone or empty on 2`)
    }
    expect((await space.run(['reapply'])).exitCode).toBe(0)
    expect(await space.ingest()).toMatchObject({ rowsInserted: 1, lost: [] })
    expect((await space.run(['audit', '--deep'])).exitCode).toBe(0)
  })
}

sqliteTest('a partition that retain deleted is not missed', async () => {
  const space = await filled()
  await space.run(['retain', '--metadata', '2025-09-12', '--yes'])
  expect(await space.ingest()).toMatchObject({ lost: [] })
  expect((await space.run(['audit'])).exitCode).toBe(0)
})

sqliteTest('damaged pages never print a stack', async () => {
  const space = await filled(8)
  const [first = ''] = space.partitions()
  const whole = readFileSync(first)
  for (let seed = 1; seed <= 5; seed++) {
    const random = seededRandom(seed)
    const bytes = Buffer.from(whole)
    for (let count = 0; count < 200; count++) bytes[100 + random.below(bytes.length - 100)] = random.below(256)
    writeFileSync(first, bytes)
    for (const args of [
      ...READERS,
      ['show', 'r11'],
      ['verify', '--deep'],
      ['audit', '--deep'],
      ['seal', '--dry-run'],
    ]) {
      const { exitCode, stdout, stderr } = await space.run(args)
      expect([seed, args, exitCode, `${stdout}${stderr}`]).toEqual([
        seed,
        args,
        expect.any(Number),
        expect.not.stringContaining('bug of logdb'),
      ])
    }
  }
})
