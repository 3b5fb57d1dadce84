import type { Change } from '../../plan/change.ts'
import type { Facts } from '../../server/facts.ts'
import { viewOf } from '../../steps/changes/all.ts'

/** One change of a plan as people see it. */
interface PlanEntry {
  says: string
  /** Its reason, its parts, and what differs. */
  below: string[]
}

/** A plan as people see it. */
export interface PlanView {
  entries: PlanEntry[]
  /** File in backups/ that is written first; null for none. */
  backup: string | null
  /** What clients notice; empty if nothing. */
  downtime: string[]
  /** Time, space and traffic that are worth a word. */
  costs: string[]
  /** All that in one line. */
  summary: string
}

interface Part {
  isHead: boolean
  sentences: string[]
  below: string[]
}

/**
 * @param differences between the new release and the one that it replaces
 * @param skipsBackup the user wants none
 */
export function viewPlan(
  changes: readonly Change[],
  facts: Facts,
  { differences, skipsBackup }: { differences: readonly string[]; skipsBackup: boolean },
): PlanView {
  const views = changes.map((change) => ({ change, ...viewOf(change, facts) }))
  const parts = views.map(({ change, sentences, below }) => {
    const isNew = change.kind === 'start-release' && change.reason.kind === 'new'
    const isHead = change.kind === 'start-release' || change.kind === 'use-warm'
    return { isHead, sentences, below: isNew ? [...below, ...differences] : below }
  })
  const backup = changes.find((change) => change.kind === 'back-up')
  const downtime = [...new Set(views.flatMap(({ downtime }) => downtime ?? []))]
  const costs = [...new Set(views.flatMap(({ cost }) => cost ?? []))]
  const entries = entriesOf(parts)
  return {
    entries,
    backup: backup?.name ?? null,
    downtime,
    costs,
    summary: [
      counted(entries.length),
      ...backupWords(changes, facts, skipsBackup),
      ...downtimeWords(facts, downtime),
      ...costs,
    ].join('; '),
  }
}

/** The tree, line by line. */
export function planLines({ entries, summary }: PlanView): string[] {
  const tree = entries.flatMap(({ says, below }) => [`  - ${says}`, ...below.map((line) => `      ${line}`)])
  return entries.length === 0 ? [] : [...tree, `${summary}.`]
}

/** Changes without a sentence are parts of the release that starts; without one each stands for itself. */
function entriesOf(parts: readonly Part[]): PlanEntry[] {
  const head = parts.find(({ isHead }) => isHead)
  const isPart = (part: Part) => head !== undefined && (part === head || part.sentences.length === 0)
  const ofHead = parts.filter(isPart).flatMap(({ below }) => below)
  return parts.flatMap((part) => {
    if (part === head) return spoken(part.sentences, ofHead)
    if (part.sentences.length > 0) return spoken(part.sentences, part.below)
    return head === undefined ? spoken(part.below, []) : []
  })
}

function spoken(sentences: readonly string[], below: string[]): PlanEntry[] {
  return sentences.map((says, index) => ({ says, below: index === sentences.length - 1 ? below : [] }))
}

function counted(count: number): string {
  return count === 1 ? '1 change' : `${count} changes`
}

function backupWords(changes: readonly Change[], { live }: Facts, skipsBackup: boolean): string[] {
  const has = (kind: Change['kind']) => changes.some((change) => change.kind === kind)
  if (has('back-up')) return ['a backup first']
  if (skipsBackup) return ['no backup, as you asked']
  if (live !== null) return ['no backup is needed']
  return has('start-release') ? ['no backup, since nothing is live yet'] : []
}

function downtimeWords({ live, predecessor }: Facts, downtime: readonly string[]): string[] {
  if (live === null && !predecessor?.isRunning) return []
  return downtime.length === 0 ? ['no downtime'] : [...downtime]
}
