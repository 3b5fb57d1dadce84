import { type Context, openServer } from './shared.ts'

/** Newest first; name, size and time, one a line. */
export async function listBackups(context: Context): Promise<void> {
  const { io, options } = context
  const { host, layout, facts } = await openServer(context)
  await host.close()
  const backups = [...facts.backups].sort((a, b) => b.modifiedS - a.modifiedS)
  if (options.json) {
    const rows = backups.map(({ name, sizeBytes, modifiedS }) => ({
      name,
      size_bytes: sizeBytes,
      at: isoTime(modifiedS),
    }))
    io.out(JSON.stringify({ ok: true, folder: layout.backups, backups: rows }))
    return
  }
  for (const { name, sizeBytes, modifiedS } of backups) {
    io.out(`${name}  ${Math.ceil(sizeBytes / 1024)} KiB  ${isoTime(modifiedS)}`)
  }
  io.err(
    backups.length === 0
      ? `No backups yet in ${layout.backups}: a deploy that changes something writes one first.`
      : `To bring one back: ai-deploy --host ${options.host} --restore-backup ${backups[0]?.name}`,
  )
}

function isoTime(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace('.000', '')
}
