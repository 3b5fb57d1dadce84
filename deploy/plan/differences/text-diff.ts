import { structuredPatch } from 'diff'
import { maskedLines } from './mask.ts'

const CONTEXT_LINES = 1
const LINES_SHOWN = 40

/**
 * The lines that differ, as `diff -u` shows them, under the name of the file. Values that may be secret are masked; a long
 * difference is cut.
 */
export function textDiff(name: string, before: string, after: string): string[] {
  const { hunks } = structuredPatch(name, name, before, after, undefined, undefined, { context: CONTEXT_LINES })
  const [old, now] = [maskedLines(before), maskedLines(after)]
  const lines = hunks.flatMap(({ lines, oldStart, newStart }, index) => {
    let [atOld, atNow] = [oldStart - 1, newStart - 1]
    const shown = lines.map(([sign = '']) => {
      const text = sign === '+' ? now[atNow] : old[atOld]
      if (sign !== '+') atOld++
      if (sign !== '-') atNow++
      return `${sign}${text ?? ''}`
    })
    return [...(index > 0 ? ['…'] : []), ...shown.filter((line) => !line.startsWith('\\'))]
  })
  if (lines.length === 0) return []
  const isCut = lines.length > LINES_SHOWN
  const more = isCut ? [`… and ${lines.length - LINES_SHOWN} more lines`] : []
  return [`${name}:`, ...[...lines.slice(0, LINES_SHOWN), ...more].map((line) => `  ${line}`)]
}
