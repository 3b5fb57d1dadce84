import type { Context } from '../session/context.ts'
import type { Outcome } from '../session/shown/report.ts'
import { deployFrom } from './deploy.ts'
import { liveSource } from './release-source.ts'

/** Changes the name or the certificate of a server, whatever the files here are. */
export function https(context: Context): Promise<Outcome> {
  return deployFrom(context, 'https', (open) => liveSource(context, open))
}
