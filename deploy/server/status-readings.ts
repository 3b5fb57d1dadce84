import { parseObject } from '../../kit/json.ts'
import { parseLockLine } from './lock/lock-line.ts'
import { type RoutineRuns, readRoutineRuns } from './logdb/routine-runs.ts'
import { readPairs, splitOnce } from './pairs.ts'

/** What a status shows beyond the facts. What could not be read is undefined. */
export interface StatusReadings {
  /** Lines of the audit, oldest first. */
  audit: readonly Record<string, unknown>[]
  /** Who changes the server now. */
  lockHolder: string | undefined
  /** Each container of a release that runs. */
  gateways: readonly GatewayReading[]
  disks: { docker: Disk | undefined; folder: Disk | undefined }
  /** Of `logdb auto`. */
  routine: RoutineRuns
}

interface GatewayReading {
  /** Name of its container. */
  container: string
  /** Requests that are being answered. */
  inFlight: number | undefined
  /** Bytes that its log has not written yet. */
  waitingBytes: number | undefined
  lostRecords: number | undefined
  /** Seconds since 1970. */
  lastRecordS: number | undefined
  lastIngestS: number | undefined
  /** Bytes of the logs that no ingest has read yet. */
  behindBytes: number | undefined
}

export interface Disk {
  totalBytes: number
  freeBytes: number
}

/** Reads what the script prints. */
export function parseStatusReadings(output: string): StatusReadings {
  const pairs = readPairs(output)
  const lock = pairs.one('lock')
  return {
    audit: (pairs.text('audit') ?? '').split('\n').flatMap(parseEntry),
    lockHolder: lock === undefined ? undefined : parseLockLine(lock).holder,
    gateways: pairs.suffixes('of_').map((container) => readGateway(container, pairs.all(`of_${container}`))),
    disks: { docker: readDisk(pairs.one('docker_disk')), folder: readDisk(pairs.one('folder_disk')) },
    routine: readRoutineRuns(pairs),
  }
}

/** A line that a full disk has cut off is left out. */
function parseEntry(line: string): Record<string, unknown>[] {
  const entry = parseObject(line)
  return entry === undefined ? [] : [entry]
}

function readGateway(container: string, lines: readonly string[]): GatewayReading {
  const values = new Map(lines.map((line) => splitOnce(line, '=')))
  const number = (name: string) => {
    const value = Number(values.get(name) || Number.NaN)
    return Number.isFinite(value) ? value : undefined
  }
  return {
    container,
    inFlight: number('in_flight'),
    waitingBytes: number('waiting'),
    lostRecords: number('lost'),
    lastRecordS: number('last_record'),
    lastIngestS: number('last_ingest'),
    behindBytes: number('behind'),
  }
}

/** From the last line of `df -Pk`. */
function readDisk(line: string | undefined): Disk | undefined {
  const [, total, , free] = line?.trim().split(/\s+/) ?? []
  if (total === undefined || free === undefined) return undefined
  return { totalBytes: Number(total) * 1024, freeBytes: Number(free) * 1024 }
}
