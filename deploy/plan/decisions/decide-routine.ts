import { routineEntry } from '../../server/logdb/routine-entry.ts'
import type { Change } from '../change.ts'
import type { Situation } from '../situation.ts'

/** Not where nothing could call it; doctor says so. */
export function placeRoutine({ facts, settings, routineScript }: Situation): Change<'place-routine'> | undefined {
  const { scheduler, entry: present, script } = facts.routine
  const often = settings.routine
  if (scheduler === undefined || often === undefined) return undefined
  const entry = routineEntry(scheduler, `${facts.folder}/scripts/logdb-routine`, often)
  const isThere = script === routineScript && present.join('\n') === entry.join('\n')
  return isThere ? undefined : { kind: 'place-routine', scheduler, often, script: routineScript, entry }
}

export function removeRoutine({ facts, settings }: Situation): Change<'remove-routine'> | undefined {
  const { entry, script } = facts.routine
  if (settings.routine !== undefined || (entry.length === 0 && script === undefined)) return undefined
  return { kind: 'remove-routine' }
}
