import { BYTES_PER_MIB } from '../../../kit/sizes.ts'
import { S_PER_DAY } from '../../../kit/time.ts'
import { describeHold } from '../../server/lock/hold.ts'
import type { Health, Status } from './status-view.ts'

/** For people: a word and what it is, one a line. @param clockS of the server, seconds since 1970 */
export function statusLines(status: Status, clockS: number): string[] {
  const ago = (time: string | null) => (time === null ? 'unknown' : `${agoOf(time, clockS)} ago`)
  const rows: [string, string | null][] = [
    ['live', liveWords(status.live, ago)],
    ['previous', previousWords(status.previous)],
    ['url', status.url],
    ['inside', healthWords(status.health?.inside)],
    ['outside', healthWords(status.health?.outside)],
    ['requests', status.requests_in_flight === null ? null : `${status.requests_in_flight} being answered`],
    ...status.draining.map((one): [string, string] => ['draining', drainingWords(one)]),
    ['certificate', certificateWords(status)],
    ['disk', diskWords(status.disk.docker)],
    ['logs', logWords(status.logs, ago)],
    ['logdb auto', routineWords(status.routine, ago)],
    ['logs ui', status.ui && `${status.ui.url}${status.ui.running ? '' : ', DOES NOT RUN'}`],
    ['backup', backupWords(status.last_backup, ago)],
    ['hold', status.hold && describeHold(status.hold)],
    ['lock', status.lock && `held by ${status.lock}`],
  ]
  return rows.flatMap(([name, text]) => (text === null ? [] : [`${name.padEnd('certificate'.length)}  ${text}`]))
}

type Ago = (time: string | null) => string

function liveWords(live: Status['live'], ago: Ago): string {
  if (live === null) return 'no release yet'
  const { release, since, by, verb } = live
  const who = by === null ? '' : `, by ${by}${verb === null ? '' : ` (${verb})`}`
  return since === null ? release : `${release}, took over ${ago(since)}${who}`
}

function previousWords(previous: Status['previous']): string | null {
  if (previous === null) return null
  const warm = previous.warm_until
  return warm === null ? `${previous.release}, stopped` : `${previous.release}, keeps running until ${warm}`
}

function healthWords(health: Health | undefined): string | null {
  if (health === undefined) return null
  return health.ok ? 'answers as it should' : `DOES NOT ANSWER as it should: ${health.problem}`
}

function drainingWords({ release, requests_in_flight: count }: Status['draining'][number]): string {
  return `${release}${count === null ? '' : `, ${count} ${count === 1 ? 'answer' : 'answers'} left`}`
}

function certificateWords({ certificate, live }: Status): string | null {
  if (certificate === null) return live === null ? null : 'none yet; see ai-deploy test-https'
  return `${certificate.domain}, ${certificate.days_left} days left`
}

function diskWords(disk: Status['disk']['docker']): string | null {
  if (disk === null) return null
  const share = Math.round((100 * disk.free_bytes) / disk.total_bytes)
  return `${inGiB(disk.free_bytes)} of ${inGiB(disk.total_bytes)} GiB free (${share} %)`
}

function inGiB(bytes: number): string {
  return (bytes / (1024 * BYTES_PER_MIB)).toFixed(1)
}

function logWords(logs: Status['logs'], ago: Ago): string | null {
  if (logs === null) return null
  const record = logs.last_record === null ? 'no records yet' : `last record ${ago(logs.last_record)}`
  const ingest = logs.last_ingest === null ? 'never read by logdb' : `last ingest ${ago(logs.last_ingest)}`
  const behind = logs.behind_bytes ? [`${Math.ceil(logs.behind_bytes / 1024)} KiB not read yet`] : []
  return [record, ingest, ...behind].join(', ')
}

function routineWords(routine: Status['routine'], ago: Ago): string | null {
  if (routine === null) return null
  const { last_run: last, more, running, next_run: next } = routine
  const result = last?.problem ? `FAILED: ${last.problem}` : `ok${more ? ', and the next run continues' : ''}`
  return [
    last === null ? 'never ran yet' : `last run ${ago(last.ended_at)}: ${result}`,
    ...(running ? ['runs now'] : []),
    next === null ? 'no next run' : `next run ${next}`,
  ].join('; ')
}

function backupWords(backup: Status['last_backup'], ago: Ago): string {
  if (backup === null) return 'none yet'
  return `${backup.name}, ${ago(backup.at)}, ${backup.copy === null ? 'only on this server' : `copy at ${backup.copy}`}`
}

const UNITS: [seconds: number, name: string][] = [
  [S_PER_DAY, 'd'],
  [3600, 'h'],
  [60, 'min'],
]

function agoOf(time: string, clockS: number): string {
  const seconds = Math.max(0, clockS - Date.parse(time) / 1000)
  const [unit, name] = UNITS.find(([length]) => seconds >= length) ?? [1, 's']
  return `${Math.floor(seconds / unit)} ${name}`
}
