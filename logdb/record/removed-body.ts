import type { SplitJson } from './body.ts'
import type { LogEntry } from './entry.ts'

/** What stands in the place of a body that was removed, in canonical form. */
export const REMOVED_BODY = '{"_removed": true}'

const REMOVED: SplitJson = {
  head: Buffer.from(REMOVED_BODY),
  items: [],
  tail: Buffer.alloc(0),
  inside: [],
  members: new Map(),
}

/** The same entry without what was said. */
export const withoutBodies = (entry: LogEntry): LogEntry => ({ ...entry, request: REMOVED, response: REMOVED })
