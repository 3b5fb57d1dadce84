import { diffArrays } from 'diff'
import type { DiffRow, LineDiff } from '../../app/compare/compare-data.ts'

/** Lines that are the same are shown this far around a change. */
const CONTEXT = 3
const MAX_ROWS = 2000
const MAX_LINE_LENGTH = 1000
const TIMEOUT_MS = 1500

/** How two texts differ. If they have too little in common to be compared in time, all lines differ. */
export function lineDiff(a: readonly string[], b: readonly string[]): LineDiff {
  const changes = diffArrays([...a], [...b], { timeout: TIMEOUT_MS }) ?? [
    { removed: true, added: false, value: a },
    { removed: false, added: true, value: b },
  ]
  const rows: DiffRow[] = []
  const counts = { removed: 0, added: 0 }
  let waiting: string[] = []
  const addWaiting = () => {
    for (const line of waiting) rows.push({ kind: 'changed', a: cut(line) })
    waiting = []
  }
  for (const [index, { removed, added, value }] of changes.entries()) {
    if (removed) {
      addWaiting()
      counts.removed += value.length
      waiting = [...value]
    } else if (added) {
      counts.added += value.length
      for (const line of value) rows.push(changedRow(waiting.shift(), line))
    } else {
      addWaiting()
      rows.push(...sameRows(value, { isFirst: index === 0, isLast: index === changes.length - 1 }))
    }
  }
  addWaiting()
  return { rows: rows.slice(0, MAX_ROWS), ...counts, isCut: rows.length > MAX_ROWS }
}

function changedRow(a: string | undefined, b: string): DiffRow {
  return { kind: 'changed', ...(a !== undefined && { a: cut(a) }), b: cut(b) }
}

function sameRows(lines: readonly string[], { isFirst, isLast }: { isFirst: boolean; isLast: boolean }): DiffRow[] {
  const before = isFirst ? 0 : CONTEXT
  const after = isLast ? 0 : CONTEXT
  const row = (text: string): DiffRow => ({ kind: 'same', text: cut(text) })
  const count = lines.length - before - after
  if (count <= 1) return lines.map(row)
  const end = lines.length - after
  return [...lines.slice(0, before).map(row), { kind: 'skipped', count }, ...lines.slice(end).map(row)]
}

function cut(line: string): string {
  return line.length > MAX_LINE_LENGTH ? `${line.slice(0, MAX_LINE_LENGTH)}…` : line
}
