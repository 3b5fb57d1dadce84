import { structuredPatch } from 'diff'

const CONTEXT_LINES = 1
const LINES_SHOWN = 40

/** A setting whose value must not be shown, in YAML, JSON or .env. */
const SECRET = /^(.*(?:key|token|secret|password|authorization)[\w-]*["']?\s*[:=]\s*)\S.*$/i
/** What looks like a key wherever it stands. */
const KEY = /\b(?:sk|pk|key)-[\w-]{8,}/g

/**
 * The lines that differ, as `diff -u` shows them, under the name of the file. Values that may be secret are masked; a long
 * difference is cut.
 */
export function textDiff(name: string, before: string, after: string): string[] {
  const { hunks } = structuredPatch(name, name, before, after, undefined, undefined, { context: CONTEXT_LINES })
  const lines = hunks.flatMap(({ lines }, index) => [...(index > 0 ? ['…'] : []), ...lines.map(masked)])
  if (lines.length === 0) return []
  const isCut = lines.length > LINES_SHOWN
  const more = isCut ? [`… and ${lines.length - LINES_SHOWN} more lines`] : []
  return [`${name}:`, ...[...lines.slice(0, LINES_SHOWN), ...more].map((line) => `  ${line}`)]
}

function masked(line: string): string {
  return line.replace(SECRET, '$1***').replace(KEY, '***')
}
