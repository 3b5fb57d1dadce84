import { isObject } from '../../kit/json.ts'
import { run } from '../host/host.ts'
import { readLastLines } from '../remote/files.ts'
import type { Context } from '../session/context.ts'
import { withServer } from '../session/open-server.ts'
import type { Outcome } from '../session/shown/report.ts'

const LINES_SHOWN = 200

type Entry = Record<string, unknown>

/** Who changed the server, when and how that ended; oldest first. */
export async function showAudit(context: Context): Promise<Outcome> {
  return withServer(context, async ({ connection, layout }) => {
    const text = await run(connection.host, `read ${layout.audit}`, readLastLines(layout.audit, LINES_SHOWN))
    const entries = text.split('\n').flatMap(parseEntry)
    const note = `No changes are recorded in ${layout.audit} yet.`
    return {
      result: { entries },
      lines: entries.map(lineOf),
      notes: entries.length > 0 || context.options.isJson ? [] : [note],
    }
  })
}

/** A line that a full disk has cut off is left out. */
function parseEntry(line: string): Entry[] {
  try {
    const entry: unknown = JSON.parse(line)
    return isObject(entry) ? [entry] : []
  } catch {
    return []
  }
}

function lineOf({
  at,
  verb,
  result,
  release,
  actor,
  duration_ms: durationMs,
  no_backup: isWithoutBackup,
}: Entry): string {
  const seconds = typeof durationMs === 'number' ? `${(durationMs / 1000).toFixed(1)} s` : '-'
  const parts = [at, verb, result, release ?? '-', seconds, actor, isWithoutBackup === true ? 'without a backup' : '']
  return parts.map(String).join('  ').trimEnd()
}
