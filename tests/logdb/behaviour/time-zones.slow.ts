import { relative } from 'node:path'
import { afterEach, expect } from 'vitest'
import { endOf, startLogdb } from '../../helpers/logdb/cli-child.ts'
import { chat, jsonl, predecessorBlock, predecessorEvent, record } from '../../helpers/logdb/logs.ts'
import { sqliteTest } from '../../helpers/logdb/sqlite-test.ts'
import { type Workspace, workspace } from '../../helpers/logdb/workspace.ts'

const TIMEOUT_MS = 120_000
/** Minutes that the clocks are ahead of UTC in the winter of the northern half, by zone. */
const ZONES: Record<string, number> = {
  UTC: 0,
  'America/New_York': -300,
  'Europe/Berlin': 60,
  'Asia/Kolkata': 330,
  'Pacific/Apia': 780,
  'Australia/Lord_Howe': 660,
}
const WINTER = '2025-01-01T00:00:00Z'
/** Days on which the clocks of one of them change, and one that Apia never had. */
const DAYS = ['2011-12-30', '2025-03-30', '2025-10-05', '2025-11-02']
const HALF_HOUR_MS = 1_800_000
const HALF_HOURS = 54
const [SINCE, TO] = ['2025-03-30', '2025-10-05']
const { TZ } = process.env

afterEach(() => {
  if (TZ === undefined) delete process.env['TZ']
  else process.env['TZ'] = TZ
})

/** Half hours around a day, as ISO 8601 has them in several ways. */
const times = DAYS.flatMap((day) =>
  Array.from({ length: HALF_HOURS }, (_, index) => {
    const time = Date.parse(`${day}T00:00:00Z`) - 6 * HALF_HOUR_MS + index * HALF_HOUR_MS
    const iso = new Date(time).toISOString()
    const inKolkata = new Date(time + 11 * HALF_HOUR_MS).toISOString()
    const texts = [iso, iso.slice(0, -1), `${inKolkata.slice(0, -1)}+05:30`, iso.replace('T', ' ').slice(0, 19)]
    return { day: iso.slice(0, 10), text: texts[index % texts.length] ?? iso }
  }),
)

function writeLogs({ write }: Workspace): void {
  const events = times.map(({ text }, index) => ({ timestamp: text, request: chat(`question ${index}`) }))
  write('requests-1.jsonl', jsonl(events.map((fields, index) => record({ ...fields, x_request_id: `x${index}` }))))
  write(
    'v1.log',
    events.map((fields) => predecessorBlock(predecessorEvent(fields), '2025-11-02 01:30:00 - INFO - ')).join(''),
  )
}

type Run = (space: Workspace, args: string[]) => Promise<void>

/** Runs logdb in this process, in whose time zone a change of TZ takes effect immediately. */
const here: Run = async (space, args) => {
  const { exitCode, stderr } = await space.run([...args, '--json'])
  expect(exitCode, stderr).toBe(0)
}

/** Runs it in a separate process, which starts in the time zone. */
const inProcess: Run = async ({ folder }, args) => {
  const { code, stderr } = await endOf(startLogdb([...args, '--json'], { cwd: folder }))
  expect(code, stderr).toBe(0)
}

const isWithin = (day: string) => day >= SINCE && day <= TO

/** What the database holds after a run with dates, after one without, and after dialogs were assigned. */
async function contentIn(zone: string, run = here) {
  process.env['TZ'] = zone
  expect(new Date(WINTER).getTimezoneOffset() + (ZONES[zone] ?? Number.NaN)).toBe(0)
  const space = workspace()
  writeLogs(space)
  await run(space, ['ingest', '--since', SINCE, '--to', TO])
  const days = () => space.partitions().map((path) => relative(space.db, path))
  const [firstDays, first] = [days(), await space.query('SELECT request_id, ts FROM z_req ORDER BY request_id')]
  await run(space, ['ingest'])
  await run(space, ['dialogs', 'assign', '--window', '45m', '--since', SINCE])
  return {
    firstDays,
    first,
    days: days(),
    rows: await space.query('SELECT * FROM request_details ORDER BY request_id'),
  }
}

sqliteTest(
  'rows, partitions, dates and dialogs are the same in every time zone, on every day',
  async () => {
    const expected = await contentIn('UTC')
    const all = [...new Set(times.map(({ day }) => day))].sort()
    const pathOf = (day: string) => `${day.slice(0, 4)}/${day.slice(5, 7)}/ai_proxy_${day.replaceAll('-', '')}.sqlite3`
    expect(expected.firstDays).toEqual(all.filter(isWithin).map(pathOf))
    expect(expected.first).toHaveLength(2 * times.filter(({ day }) => isWithin(day)).length)
    expect(expected.days).toEqual(all.map(pathOf))
    expect(expected.rows).toHaveLength(2 * times.length)
    for (const zone of Object.keys(ZONES)) expect(await contentIn(zone), zone).toEqual(expected)
    expect(await contentIn('America/New_York', inProcess)).toEqual(expected)
  },
  TIMEOUT_MS,
)
