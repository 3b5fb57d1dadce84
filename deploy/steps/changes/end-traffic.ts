import { deployError } from '../../errors.ts'
import type { Change } from '../../plan/change.ts'
import type { TrafficCounts } from '../../probe/traffic.ts'
import { containerName } from '../../server/instance.ts'
import type { Definition } from '../definition.ts'

/** Ends the requests of a drill and judges what came of them. */
export const endTraffic: Definition<'end-traffic'> = {
  describe: () => [],
  explain: () => ['say which requests failed, how long each switch took and which answer was the slowest'],
  title: 'Count the answers',
  async run(change, { measured }) {
    const counts = await measured.traffic?.end()
    const problem = counts === undefined ? 'no request was sent' : problemOf(counts, change)
    if (counts === undefined || problem !== undefined) {
      throw deployError(
        'DRILL_FAILED',
        `${problem}`,
        'the same container answers as before; the failures are listed above',
      )
    }
    return `All ${answersOf(counts)} requests were answered as they should be`
  },
  undo: () => undefined,
  settles: 'before',
}

function answersOf({ answers }: TrafficCounts): number {
  return Object.values(answers).reduce((sum, count) => sum + count, 0)
}

function problemOf(counts: TrafficCounts, { instance, maxS }: Change<'end-traffic'>): string | undefined {
  const { failed, failures, answersBy, isOverdue } = counts
  if (failed > 0) return `${failed} of ${failed + answersOf(counts)} requests failed, the first at ${failures[0]}`
  if (isOverdue) return `the drill took longer than the ${maxS} s for which it may send requests`
  if (answersBy[instance] === undefined) return `no request was answered by ${containerName(instance)}`
  return undefined
}
