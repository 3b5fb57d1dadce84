import type { Context } from '../session/context.ts'
import { withServer } from '../session/open-server.ts'
import type { Outcome } from '../session/report.ts'

/** Newest first; name, size and time, one a line. */
export async function listBackups(context: Context): Promise<Outcome> {
  const { options } = context
  return withServer(context, async ({ layout, facts }) => {
    const backups = [...facts.backups].sort((a, b) => b.modifiedS - a.modifiedS)
    const rows = backups.map(({ name, sizeBytes, modifiedS }) => ({
      name,
      size_bytes: sizeBytes,
      at: isoTime(modifiedS),
    }))
    const [newest] = rows
    const hint = newest
      ? `To restore one: ai-deploy --host ${options.host} --restore-backup ${newest.name}`
      : `No backups yet in ${layout.backups}: a deploy that changes something writes one first.`
    return {
      result: { folder: layout.backups, backups: rows },
      lines: rows.map(({ name, size_bytes, at }) => `${name}  ${Math.ceil(size_bytes / 1024)} KiB  ${at}`),
      notes: options.isJson ? [] : [hint],
    }
  })
}

function isoTime(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace('.000', '')
}
