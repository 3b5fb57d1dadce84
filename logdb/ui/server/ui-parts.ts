import type { AccessLog } from './access/access-log.ts'
import type { Gate } from './access/gate.ts'
import type { Jobs } from './admin/admin-jobs.ts'
import type { LiveFeeds } from './live/live-feed.ts'
import type { LogReader } from './queries/log-reader.ts'
import type { UiSettings } from './ui-settings.ts'

/** What the routes work with. */
export interface UiParts {
  gate: Gate
  reader: LogReader
  feeds: LiveFeeds
  log: AccessLog
  jobs: Jobs
  settings: UiSettings
  isTextIndexEnabled: boolean
}
