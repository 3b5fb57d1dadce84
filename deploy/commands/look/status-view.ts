import { isIP } from 'node:net'
import { S_PER_DAY } from '../../../kit/time.ts'
import type { ServerSettings } from '../../../templates/server-settings.ts'
import { gatewayUrl } from '../../plan/address/gateway-address.ts'
import { endWarnings, lentWarnings } from '../../plan/address/own-certificate.ts'
import { portCosts } from '../../plan/address/port-costs.ts'
import { previousReleaseIfAny } from '../../plan/plan-rollback.ts'
import { copyOf } from '../../server/backup/backup-copies.ts'
import { newestFirst, timeOf } from '../../server/backup/backup-order.ts'
import { drainingReleases, type Facts, isWarm, liveRelease } from '../../server/facts.ts'
import { containerName, releaseOf } from '../../server/instance.ts'
import type { Hold } from '../../server/lock/hold.ts'
import { hasUi } from '../../server/manifest.ts'
import type { Disk, StatusReadings } from '../../server/status-readings.ts'

/** What `status --json` shows. Null is what is not there or not known. */
export interface Status {
  url: string | null
  live: { release: string; since: string | null; by: string | null; verb: string | null } | null
  /** What `--rollback` leads to; it takes a second while it is warm. */
  previous: { release: string; warm_until: string | null } | null
  health: { inside: Health; outside: Health } | null
  /** Requests that are being answered, by all releases that run. */
  requests_in_flight: number | null
  certificate: { domain: string; valid_until: string; days_left: number } | null
  disk: { docker: DiskStatus | null; folder: DiskStatus | null }
  logs: LogStatus | null
  /** `logdb auto` on the server; null where nothing calls it. */
  routine: RoutineStatus | null
  /** The Logs UI that the release brings; null without one. */
  ui: { url: string; running: boolean } | null
  last_backup: { name: string; at: string; size_bytes: number; copy: string | null } | null
  draining: { release: string; requests_in_flight: number | null }[]
  hold: Hold | null
  /** Who changes the server now. */
  lock: string | null
}

/** Null where all is well, else what is wrong. */
export type Health = { ok: boolean; problem: string | null }

interface DiskStatus {
  free_bytes: number
  total_bytes: number
}

interface LogStatus {
  last_record: string | null
  last_ingest: string | null
  /** Bytes that no ingest has read yet. */
  behind_bytes: number | null
  /** Bytes that wait for the disk. */
  waiting_bytes: number | null
  lost_records: number | null
}

interface RoutineStatus {
  last_run: { started_at: string; ended_at: string; ok: boolean; problem: string | null; hint: string | null } | null
  /** The time was over before the last step of the last run; the next one continues. */
  more: boolean
  running: boolean
  next_run: string | null
}

export interface StatusInput {
  facts: Facts
  readings: StatusReadings
  /** Null where no gateway runs. */
  settings: ServerSettings | null
  health: Status['health']
}

export function statusOf({ facts, readings, settings, health }: StatusInput): Status {
  const counts = readings.gateways.flatMap(({ inFlight }) => inFlight ?? [])
  return {
    url: settings && gatewayUrl(settings),
    live: liveStatus(facts, readings),
    previous: previousStatus(facts),
    health,
    requests_in_flight: counts.length === 0 ? null : counts.reduce((sum, count) => sum + count, 0),
    certificate: settings && certificateStatus(facts, settings),
    disk: { docker: diskStatus(readings.disks.docker), folder: diskStatus(readings.disks.folder) },
    logs: logStatus(facts, readings),
    routine: routineStatus(facts, readings),
    ui: uiStatus(facts, settings),
    last_backup: backupStatus(facts),
    draining: drainingReleases(facts).map((release) => ({
      release,
      requests_in_flight: readings.gateways.find(({ container }) => container.includes(release))?.inFlight ?? null,
    })),
    hold: facts.hold,
    lock: readings.lockHolder ?? null,
  }
}

/** A release took over when the last run that started it ended well; else when it was ready for the first time. */
function liveStatus({ live, readyMarks }: Facts, { audit }: StatusReadings): Status['live'] {
  if (live === null) return null
  const release = releaseOf(live)
  const start = audit.findLast((entry) => entry['release'] === release && entry['result'] === 'ok')
  const mark = readyMarks.find((one) => one.release === release)
  const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : null)
  return {
    release,
    since: text(start?.['at']) ?? text(mark?.at),
    by: text(start?.['actor']) ?? text(mark?.by),
    verb: text(start?.['verb']) ?? text(mark?.verb),
  }
}

function previousStatus(facts: Facts): Status['previous'] {
  const found = previousReleaseIfAny(facts)
  if (found === undefined) return null
  const warm = facts.containers.find((container) => container.release === found.id && isWarm(container, facts))
  return { release: found.id, warm_until: warm?.warmUntilS === undefined ? null : isoTime(warm.warmUntilS) }
}

function certificateStatus(facts: Facts, { domain, acme }: ServerSettings): Status['certificate'] {
  const { certificates, clockS, ownCertificates } = facts
  const ofCa = certificates.filter((one) => one.file === acme.storage && one.domain === domain)
  const ends = (ownCertificates[0] ? [ownCertificates[0]] : ofCa).flatMap((one) => one.validUntilS ?? [])
  if (ends.length === 0) return null
  const end = Math.max(...ends)
  return { domain, valid_until: isoTime(end), days_left: Math.floor((end - clockS) / S_PER_DAY) }
}

function diskStatus(disk: Disk | undefined): DiskStatus | null {
  return disk === undefined ? null : { free_bytes: disk.freeBytes, total_bytes: disk.totalBytes }
}

function logStatus({ live }: Facts, { gateways }: StatusReadings): LogStatus | null {
  const reading = gateways.find(({ container }) => live !== null && container === containerName(live))
  if (reading === undefined) return null
  const time = (seconds: number | undefined) => (seconds === undefined ? null : isoTime(seconds))
  return {
    last_record: time(reading.lastRecordS),
    last_ingest: time(reading.lastIngestS),
    behind_bytes: reading.behindBytes ?? null,
    waiting_bytes: reading.waitingBytes ?? null,
    lost_records: reading.lostRecords ?? null,
  }
}

function routineStatus({ routine: { entry } }: Facts, { routine }: StatusReadings): RoutineStatus | null {
  const { last, nextS, isRunning } = routine
  if (entry.length === 0 && last === undefined) return null
  return {
    last_run: last
      ? {
          started_at: isoTime(last.startedS),
          ended_at: isoTime(last.endedS),
          ok: last.problem === undefined,
          problem: last.problem ?? null,
          hint: last.hint ?? null,
        }
      : null,
    more: last?.hasMore ?? false,
    running: isRunning,
    next_run: nextS === undefined ? null : isoTime(nextS),
  }
}

function uiStatus(facts: Facts, settings: ServerSettings | null): Status['ui'] {
  const live = liveRelease(facts)
  if (settings === null || live === null || !hasUi(live.manifest)) return null
  return { url: `${gatewayUrl(settings)}/ui/`, running: facts.ui.release === live.manifest.id }
}

function backupStatus({ backups, copies }: Facts): Status['last_backup'] {
  const [newest] = newestFirst(backups)
  if (newest === undefined) return null
  const { name, sizeBytes } = newest
  const at = isoTime(timeOf(newest) / 1000)
  return { name, at, size_bytes: sizeBytes, copy: copyOf(copies, name)?.to ?? null }
}

function routineWarnings(last: RoutineStatus['last_run'] | undefined): string[] {
  if (!last?.problem) return []
  return [`the last run of logdb auto failed: ${last.problem}${last.hint === null ? '' : `; ${last.hint}`}`]
}

const RENEWAL_LATE_DAYS = 20
/** Certificates of addresses last for 160 hours, and are renewed 2 days before their end. */
const ADDRESS_RENEWAL_LATE_DAYS = 1

function lateDays(domain: string): number {
  return isIP(domain) === 0 ? RENEWAL_LATE_DAYS : ADDRESS_RENEWAL_LATE_DAYS
}

/** What an owner should look at. Sentences without a full stop. */
export function statusWarnings({ facts, settings }: StatusInput, status: Status): string[] {
  const { certificate, logs, disk, routine, ui } = status
  const [own] = facts.ownCertificates
  const isEndingSoon =
    own === undefined &&
    settings?.httpPort === 80 &&
    certificate !== null &&
    certificate.days_left < lateDays(certificate.domain)
  const lent = own !== undefined || settings === null ? [] : lentWarnings(facts, settings)
  return [
    ...(settings === null ? [] : portCosts(facts, settings)),
    ...(own === undefined ? [] : endWarnings(own, facts.clockS)),
    ...lent,
    ...(isEndingSoon
      ? [`the certificate of ${certificate.domain} ends in ${certificate.days_left} days; see ai-deploy test-https`]
      : []),
    ...routineWarnings(routine?.last_run),
    ...(ui?.running === false ? ['the Logs UI does not run; run a deploy, which repairs it'] : []),
    ...(logs?.lost_records ? [`${logs.lost_records} log records could not be written`] : []),
    ...Object.entries(disk).flatMap(([name, one]) =>
      one !== null && one.free_bytes < one.total_bytes / 10
        ? [`the disk of ${name === 'docker' ? "Docker's images" : 'the folder'} is over 90 % full; see ai-deploy prune`]
        : [],
    ),
  ]
}

function isoTime(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace(/\.\d+/, '')
}
