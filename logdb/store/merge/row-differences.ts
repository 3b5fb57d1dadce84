import type { Connection } from '../sqlite/engine.ts'

const BODIES = ['request_json', 'response_json']

const SHARED_COLUMNS = `
  SELECT name FROM pragma_table_info('request_details', 'source')
  WHERE name IN (SELECT name FROM pragma_table_info('request_details', 'main'))`

/** How a value of the attached `source`, as `s.name`, and the one here, as `d.name`, differ: conditions in SQL. */
export interface DifferenceRules {
  /** Columns that may differ. */
  ignored: readonly string[]
  column(name: string): string
  /** The same for a body, which may be removed. */
  body(name: string): string
}

/** A condition in SQL: a row `s` of the attached `source` and a row `d` differ in something that the views of both show. */
export function differenceSql(db: Connection, { ignored, column, body }: DifferenceRules): string {
  const names = db.prepareValue<[], string>(SHARED_COLUMNS).all()
  const compared = names.filter((name) => !ignored.includes(name))
  return compared.map((name) => `(${BODIES.includes(name) ? body(name) : column(name)})`).join(' OR ')
}
