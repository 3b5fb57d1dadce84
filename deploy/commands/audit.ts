import { parseObject } from '../../kit/json.ts'
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
  const entry = parseObject(line)
  return entry === undefined ? [] : [entry]
}

function lineOf({
  at,
  verb,
  result,
  release,
  actor,
  duration_ms: durationMs,
  no_backup: isWithoutBackup,
  holder,
}: Entry): string {
  const seconds = typeof durationMs === 'number' ? `${(durationMs / 1000).toFixed(1)} s` : '-'
  const more = [
    isWithoutBackup === true ? 'without a backup' : '',
    typeof holder === 'string' ? `ended the run of ${holder}` : '',
  ]
  const parts = [at, verb, result, release ?? '-', seconds, actor, ...more.filter(Boolean)]
  return parts.map(String).join('  ').trimEnd()
}
