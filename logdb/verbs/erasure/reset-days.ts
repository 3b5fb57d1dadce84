import { existsSync } from 'node:fs'
import { firstSecondOf } from '../../days.ts'
import { openControl } from '../../store/control/open-control.ts'
import { type Retention, readRetention, resetTo } from '../../store/control/retention.ts'
import { type LeftOut, logsToReadAgain, type RecordPlace } from '../../store/control/stretches.ts'
import { findPartitions } from '../../store/folder/partition-files.ts'
import { recordPlacesWithin } from '../../store/partition/erase.ts'
import { openPartition } from '../../store/partition/open-partition.ts'
import type { SqliteEngine } from '../../store/sqlite/engine.ts'

/** What the next ingest reads again. */
interface Reset {
  readAgainBytes: number
  gone: LeftOut[]
}

export const NO_RESET: Reset = { readAgainBytes: 0, gone: [] }

/** Lets the days move back; what was removed in between is given to the next ingest. To be called with the lease. */
export function resetDays(
  engine: SqliteEngine,
  { out, keptFrom, isDryRun }: { out: string; keptFrom: Partial<Retention>; isDryRun: boolean },
): Reset {
  const places = placesOfBodies(engine, out, keptFrom.bodies, readRetention(engine, out))
  const logs = readAgain(engine, out, keptFrom.metadata, places)
  if (!isDryRun) resetTo(engine, out, keptFrom, places)
  const isThere = ({ path }: LeftOut) => existsSync(path)
  return {
    readAgainBytes: logs.filter(isThere).reduce((sum, { bytes }) => sum + bytes, 0),
    gone: logs.filter((log) => !isThere(log)),
  }
}

/** Records of requests whose bodies were removed and are to be kept again. */
function placesOfBodies(engine: SqliteEngine, out: string, from: string | undefined, known: Retention): RecordPlace[] {
  if (from === undefined || from >= known.bodies) return []
  const times = { fromTs: firstSecondOf(from), beforeTs: firstSecondOf(known.bodies) }
  return findPartitions(out, { since: from, to: known.bodies }).flatMap(({ path }) => {
    using db = openPartition(engine, path)
    return db ? recordPlacesWithin(db, times, 'without bodies') : []
  })
}

function readAgain(
  engine: SqliteEngine,
  out: string,
  metadata: string | undefined,
  places: readonly RecordPlace[],
): LeftOut[] {
  using control = openControl(engine, out)
  return control ? logsToReadAgain(control, metadata, places) : []
}
