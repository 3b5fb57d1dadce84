import { basename } from 'node:path'
import Database from 'better-sqlite3'

// To be loaded before logdb: databases whose name contains LIMITED_FILE can grow to LIMIT_PAGES pages only.
const { LIMITED_FILE, LIMIT_PAGES } = process.env

const { pragma } = Database.prototype
Database.prototype.pragma = function (source, options) {
  const isOpening = source === 'journal_mode = WAL' && basename(this.name).includes(LIMITED_FILE)
  const result = pragma.call(this, source, options)
  if (isOpening) pragma.call(this, `max_page_count = ${LIMIT_PAGES}`)
  return result
}
