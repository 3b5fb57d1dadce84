import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import { hasErrorCode } from '../../../kit/user-error.ts'
import { logdbError } from '../../error-table.ts'
import { AccessLog } from './access/access-log.ts'
import { Gate } from './access/gate.ts'
import { UiKeys } from './access/ui-keys.ts'
import { WebSessions } from './access/web-sessions.ts'
import { Jobs } from './admin/admin-jobs.ts'
import { buildUi } from './build-ui.ts'
import { LiveFeeds } from './live/live-feed.ts'
import { LogReader } from './queries/log-reader.ts'
import { QueryPool } from './queries/query-pool.ts'
import { problemOf } from './ui-problem.ts'
import type { UiSettings } from './ui-settings.ts'

export interface ServeOptions {
  /** Folder of the log database. */
  out: string
  /** 0 for any that is free. */
  port: number
  settings: UiSettings
  isTextIndexEnabled: boolean
  /** Gets errors that are our bugs. */
  onError: (error: Error) => void
}

/** Of the link, which is for this machine wherever the UI listens. */
const LINK_HOST = '127.0.0.1'
const QUERY_LIMIT_MS = 5000
/** The next UI of a server waits for the end of this one. */
const CLOSE_LIMIT_MS = 2000
const CLOSE_IDLE_MS = 20
/** The user who starts the UI may read the files anyway. */
const OF_LINK = { role: 'admin', key: undefined, name: 'login link' } as const

/**
 * Serves the UI, on this machine unless LOGUI_HOST says another address.
 * @param onReady gets the URL that logs in, once
 * @throws UserError PORT_IN_USE
 */
export async function serveUi(
  { out, port, settings, isTextIndexEnabled, onError }: ServeOptions,
  signal: AbortSignal,
  onReady: (url: string) => void,
): Promise<void> {
  const sessions = new WebSessions()
  const log = new AccessLog(join(dirname(out), 'ui'))
  const pool = new QueryPool(QUERY_LIMIT_MS)
  const { requestsPerSecond } = settings
  const gate = new Gate({ keys: new UiKeys(settings), sessions, log, requestsPerSecond })
  const feeds = new LiveFeeds(
    (question) => pool.ask('live', question),
    (error) => {
      if (!problemOf(error)) onError(error)
    },
  )
  const jobs = new Jobs(out)
  const reader = new LogReader(pool, out)
  const app = buildUi({ gate, reader, feeds, jobs, log, settings, isTextIndexEnabled }, onError)
  await app.listen({ host: settings.host, port }).catch((error) => {
    throw hasErrorCode(error, 'EADDRINUSE') ? portInUse(port, error) : error
  })
  const { port: given } = app.server.address() as AddressInfo
  onReady(`http://${LINK_HOST}:${given}/ui/login/${sessions.makeLink(OF_LINK)}`)
  if (!signal.aborted) await once(signal, 'abort')
  feeds.close()
  jobs.close()
  await closeServer(app)
  await pool.close()
}

/** Pages that are being made are sent first. What takes longer, such as an export, breaks off. */
async function closeServer(app: FastifyInstance): Promise<void> {
  const limit = setTimeout(() => app.server.closeAllConnections(), CLOSE_LIMIT_MS)
  // A connection would stay open after its last answer.
  const idle = setInterval(() => app.server.closeIdleConnections(), CLOSE_IDLE_MS)
  await app.close()
  clearTimeout(limit)
  clearInterval(idle)
}

function portInUse(port: number, cause: unknown) {
  return logdbError('PORT_IN_USE', `another program listens on port ${port}`, 'choose another one with --port', cause)
}
