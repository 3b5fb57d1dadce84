import { S_PER_DAY } from '../../kit/time.ts'
import { describeHold } from '../server/lock/hold.ts'
import type { Context } from '../session/context.ts'
import { withServer } from '../session/open-server.ts'
import { commandLine } from '../session/shown/command-line.ts'
import type { Outcome } from '../session/shown/report.ts'
import { type ReleaseRow, releaseRows } from './release-rows.ts'

/** The releases on the server, newest first: one a line, or all that is known about each with --json. */
export async function listReleases(context: Context): Promise<Outcome> {
  const { options } = context
  return withServer(context, async ({ facts }) => {
    const rows = releaseRows(facts)
    const target = rows.find(({ state, can_roll_back }) => state !== 'live' && can_roll_back)
    const hint = target
      ? `To switch to one: ${commandLine(context, '--rollback', target.release)}`
      : 'There is no other release to switch to.'
    const holdNotes = facts.hold === null ? [] : [`Note: ${describeHold(facts.hold)}.`]
    return {
      result: { releases: rows, hold: facts.hold },
      lines: rows.map(line),
      notes: options.isJson ? [] : [...holdNotes, hint],
    }
  })
}

function line({ release, state, age_s, image_present, by, verb, why }: ReleaseRow): string {
  const image = image_present ? 'image' : 'no image'
  return [release, state, age(age_s), image, [by, verb].filter(Boolean).join(', '), why].join('  ').trimEnd()
}

const UNITS: [seconds: number, name: string][] = [
  [S_PER_DAY, 'd'],
  [3600, 'h'],
  [60, 'min'],
]

function age(seconds: number): string {
  const [unit, name] = UNITS.find(([length]) => seconds >= length) ?? [1, 's']
  return `${Math.floor(seconds / unit)} ${name}`
}
